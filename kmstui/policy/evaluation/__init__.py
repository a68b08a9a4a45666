"""Whether a request is allowed, why, and whether a policy locks out."""
