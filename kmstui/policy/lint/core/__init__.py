"""What a rule and a finding are, and the registry of the rules."""
