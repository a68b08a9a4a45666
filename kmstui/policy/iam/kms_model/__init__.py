"""What KMS has of actions and condition keys: generated data, and the program that makes it."""
