"""The AWS services beside KMS that kmstui asks."""
