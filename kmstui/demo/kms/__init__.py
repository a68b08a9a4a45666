"""AWS KMS as its API reference describes it, over moto's key material."""
