"""AWS's API as the services need it, one module per noun; each answers with values of the model."""
