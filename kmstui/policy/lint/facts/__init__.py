"""What several rules ask of a policy, worked out once."""
