"""What an evaluation can come to, and by which rule."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What comes out."""

    ALLOWED = "allowed"
    IMPLICITLY_DENIED = "implicitly denied"
    EXPLICITLY_DENIED = "explicitly denied"
    NOT_PREDICTABLE = "not predictable"


class Reason(StrEnum):
    """The rule of the algorithm that decided."""

    DENY = "a Deny applies"
    KEY_POLICY = "the key policy allows it directly"
    ROOT_USER = "this is the account's root user, and the key policy does not keep it out"
    IAM = "an identity policy allows it, and the key policy lets the account delegate"
    GRANT = "a grant allows it"
    ACCOUNT_RETIRES = "the account in which grants were created may retire them"
    BOTH_ACCOUNTS = "the key policy and an identity policy of the other account allow it"
    NOTHING_ALLOWS = "nothing allows it"
    NO_GRANT = "no grant lets it be retired, and a key policy cannot"
    CONDITIONS = "an Allow is about it, but its conditions do not hold"
    IAM_SILENT = "the key policy lets the account delegate, but no identity policy allows it"
    NOT_DELEGATED = (
        "an identity policy allows it, but the key policy does not let the account delegate"
    )
    BARRED = "a control policy or the policy of the VPC endpoint does not allow it"
    CAPPED = "a permissions boundary or session policy does not allow it"
    OTHER_ACCOUNT_SILENT = (
        "the key policy allows it, but no identity policy of the other account does"
    )
    OTHER_PARTITION = "who asks is of another partition of AWS than the key"
    """ "You cannot use IAM credentials from one partition to interact with resources in a different
    partition" (AWS Fault Isolation Boundaries, "Partitions")."""
    NOT_ACROSS_ACCOUNTS = "KMS does not take this action from another account"
    DEPENDS = "it depends on what is not known"
