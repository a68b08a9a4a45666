"""What a person wants of all keys: the thresholds of the rules about keys themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Posture:
    """The table `[posture]` of config.toml; each field is a name in it. Days are whole days."""

    expiry_days: int = 30
    """KEY03: imported key material that expires within so many."""
    deletion_days: int = 30
    """KEY04: a deletion that is due within so many; 30 is the longest waiting period."""
    disabled_days: int = 90
    """KEY05: a disabled key of which KMS has seen no use for so many."""
    unused_days: int = 90
    """KEY06: an enabled key of which KMS has seen no use for so many; KEY10: within which a use
    counts."""
    rotation_days: int = 0
    """KEY02: the longest period of automatic rotation; 0 for any."""
    required_tags: tuple[str, ...] = ()
    """KEY08: tag keys that each key must have; upper and lower case differ."""
    own_accounts: tuple[str, ...] = ()
    """KEY09: accounts that are one's own, to which a key may be open, by their numbers."""
    own_organizations: tuple[str, ...] = ()
    """KEY09: the same of organizations, by their IDs such as o-a1b2c3d4e5."""
    customer_keys: tuple[str, ...] = ()
    """KEY10: services for which a customer managed key is wanted, as the aliases of AWS managed
    keys name them: ebs, s3, rds …; or all."""
    severity: tuple[tuple[str, str], ...] = ()
    """Rules that weigh otherwise than usual, by id: the table `[posture.severity]`."""
