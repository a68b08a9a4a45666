"""What IAM and KMS know: actions, condition keys, operators, principals, equal policies."""
