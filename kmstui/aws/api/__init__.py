"""AWS's API as the services need it, one module per noun; it returns values of the model."""
