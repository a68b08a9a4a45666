"""The rules about keys themselves; POSTURE.md beside this is made of them.

A rule that cries wolf is turned off: so nothing is asked of a key that it cannot have. Asymmetric
and HMAC keys, imported material and custom key stores do not rotate, a replica rotates with its
primary, and a key that is pending deletion needs nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from kmstui.model import Fact, GrantsRead, LastUsage, Rotation
from kmstui.policy.lint import Severity
from kmstui.service.findings.posture import (
    OF_AWS_KEYS,
    Hit,
    PostureRule,
    Remedy,
    Subject,
    Unread,
    rule,
)
from kmstui.service.inventory import PENDING_DELETION, LastUse, rotation_word

_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/"
_INFO, _WARNING, _ERROR = Severity
_SOON_DAYS = 7
"""Material that expires within so many is an error unless the person weighs it otherwise."""
_OF_AWS = "alias/aws/"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _days(number: int) -> str:
    return "today" if number <= 0 else "in 1 day" if number == 1 else f"in {number} days"


def _is_going(subject: Subject) -> bool:
    return subject.metadata.state in PENDING_DELETION


def _rotation(subject: Subject) -> Rotation | Unread | None:
    """How a key rotates that could; None of one that cannot, or that rotates elsewhere."""
    metadata = subject.metadata
    if metadata.state != "Enabled" or metadata.multi_region == "REPLICA":
        return None
    if rotation_word(subject.key) not in ("on", "off", ""):
        return None
    rotation = subject.key.facts.rotation
    if isinstance(rotation, Rotation):
        return rotation
    return Unread(rotation or "", None if rotation else Fact.ROTATION)


@rule("KEY01", _WARNING, "No automatic rotation", _KMS + "rotate-keys.html", Remedy.ROTATE)
def no_rotation(subject: Subject) -> Iterator[Hit | Unread]:
    """An enabled symmetric encryption key with material of KMS's own does not rotate by itself.

    Rotation limits how much is encrypted under one key material. ID, policy and aliases stay, and
    nothing has to be encrypted again. Asymmetric and HMAC keys, imported material and keys of a
    custom key store cannot rotate by themselves, and a replica rotates with its primary: they are
    not reported.
    """
    rotation = _rotation(subject)
    if isinstance(rotation, Unread):
        yield rotation
    elif rotation is not None and not rotation.enabled:
        created = subject.metadata.created
        since = f"; the key was created on {_day(created)}" if created else ""
        yield Hit(f"Automatic rotation is off{since}")


@rule("KEY02", _WARNING, "Long rotation period", _KMS + "rotate-keys.html", Remedy.ROTATE)
def long_period(subject: Subject) -> Iterator[Hit | Unread]:
    """The period of automatic rotation is longer than the longest that is wanted.

    Rules of an organization may ask for a shorter period than KMS's 365 days. The setting
    `rotation_days` says which; without it this rule finds nothing.
    """
    longest = subject.wanted.rotation_days
    rotation = _rotation(subject) if longest else None
    if isinstance(rotation, Unread):
        yield rotation
    elif rotation is not None and rotation.enabled and (rotation.period_days or 365) > longest:
        yield Hit(f"It rotates every {rotation.period_days or 365} days, at most {longest} wanted")


@rule("KEY03", _ERROR, "Key material expires", _KMS + "importing-keys.html", Remedy.IMPORT)
def material_expires(subject: Subject) -> Iterator[Hit | Unread]:
    """Imported key material expires soon (`expiry_days`), or the key has none.

    When it expires KMS deletes it, and nothing can be encrypted or decrypted until the same
    material is imported again. Within a week that is an error, before it a warning.
    """
    if _is_going(subject):
        return
    if subject.metadata.state == "PendingImport":
        words = "It has no key material, so that nothing can be encrypted or decrypted with it"
        yield Hit(words, _WARNING)
        return
    end = subject.metadata.valid_to
    if end is None or subject.metadata.expiration_model == "KEY_MATERIAL_DOES_NOT_EXPIRE":
        return
    left = subject.days_until(end)
    if left < subject.wanted.expiry_days:
        severity = _ERROR if left < _SOON_DAYS else _WARNING
        yield Hit(f"Its key material expires on {_day(end)}, {_days(left)}", severity)


@rule("KEY04", _WARNING, "Deletion is scheduled", _KMS + "deleting-keys.html", Remedy.CANCEL)
def deletion_due(subject: Subject) -> Iterator[Hit | Unread]:
    """The key is to be deleted soon (`deletion_days`), or waits for its replicas to be.

    What is encrypted under a deleted key can never be decrypted again. Until then the deletion can
    be cancelled.
    """
    metadata = subject.metadata
    if metadata.state == "PendingReplicaDeletion":
        yield Hit("It is to be deleted once its replicas are")
    elif metadata.state == "PendingDeletion" and metadata.deletion is None:
        yield Hit("It is to be deleted; the day was not told")
    elif metadata.deletion is not None:
        left = subject.days_until(metadata.deletion)
        if left < subject.wanted.deletion_days:
            yield Hit(f"It is deleted on {_day(metadata.deletion)}, {_days(left)}")


def _unused(subject: Subject, days: int) -> str | Unread:
    """What is known of a key that was not used for so many days; empty of one that was."""
    word = LastUse(used=False, since=subject.now - timedelta(days=days))
    usage = subject.key.facts.last_use
    created = subject.metadata.created
    if created is not None and created > subject.now - timedelta(days=days):
        return ""
    if not isinstance(usage, LastUsage):
        return Unread(usage or "", None if usage else Fact.LAST_USE)
    tracked = f" since {_day(usage.tracking_since)}" if usage.tracking_since else ""
    if word.unknown(subject.key, ()):
        return Unread(
            f"KMS has seen no use of it{tracked}, when it began to track that, and does not know of"
            " the time before.",
            nobody_knows=True,
        )
    if not word.matches(subject.key, ()):
        return ""
    if usage.at is not None:
        what = f" ({usage.operation})" if usage.operation else ""
        days_ago = (subject.now - usage.at).days
        return f"it was last used{what} on {_day(usage.at)}, {days_ago} days ago"
    return f"KMS has seen no use of it{tracked}, when it began to track that"


@rule(
    "KEY05", _INFO, "Disabled and unused", _KMS + "enabling-keys.html",
    Remedy.USES, Remedy.DELETE, Remedy.ENABLE,
)  # fmt: skip
def disabled(subject: Subject) -> Iterator[Hit | Unread]:
    """A disabled key of which KMS has seen no use for long (`disabled_days`).

    It costs as much as one in use. KMS does not tell since when a key is disabled, and what it has
    encrypted may still be stored somewhere.
    """
    if subject.metadata.state == "Disabled":
        said = _unused(subject, subject.wanted.disabled_days)
        if isinstance(said, Unread):
            yield said
        elif said:
            yield Hit(f"It is disabled, and {said}")


@rule(
    "KEY06", _INFO, "No use seen", _KMS + "deleting-keys-determining-usage.html",
    Remedy.USES, Remedy.DISABLE,
)  # fmt: skip
def unused(subject: Subject) -> Iterator[Hit | Unread]:
    """An enabled key of which KMS has seen no use for long (`unused_days`).

    Each key costs and is one more to guard. That none was seen is no proof: public keys are used
    outside KMS, data keys outlive a call, and KMS tracks use only since a day that it tells.
    """
    if subject.metadata.state == "Enabled":
        said = _unused(subject, subject.wanted.unused_days)
        if isinstance(said, Unread):
            yield said
        elif said:
            yield Hit(said[0].upper() + said[1:])


@rule("KEY07", _INFO, "No alias", _KMS + "kms-alias.html", Remedy.ALIAS)
def no_alias(subject: Subject) -> Iterator[Hit | Unread]:
    """No alias names the key.

    An alias says to people what the key is for, and lets programs be given another key without a
    change of theirs.
    """
    if subject.aliases or _is_going(subject):
        return
    if subject.aliases_problem:
        yield Unread(subject.aliases_problem)
    else:
        yield Hit("It has no alias")


@rule("KEY08", _WARNING, "Required tags missing", _KMS + "tagging-keys.html", Remedy.TAG)
def tags_missing(subject: Subject) -> Iterator[Hit | Unread]:
    """The key lacks tags that each must have (`required_tags`).

    Tags tell whose a key is and what it is for, to people, to the bill and to policies that decide
    by them. Upper and lower case differ. Without the setting this rule finds nothing.
    """
    required = subject.wanted.required_tags
    if not required or _is_going(subject):
        return
    if subject.key.tags is None:
        yield Unread(subject.key.tags_problem)
        return
    names = {each.key for each in subject.key.tags}
    if missing := [each for each in required if each not in names]:
        folded = {each.casefold(): each for each in names}
        alike = [folded[each.casefold()] for each in missing if each.casefold() in folded]
        hint = f"; it has {', '.join(alike)}, in other letters" if alike else ""
        plural = "s" if len(missing) > 1 else ""
        yield Hit(f"It lacks the tag{plural} {', '.join(missing)}{hint}")


_MOST_NAMED = 3


@rule(
    "KEY09", _WARNING, "Shared outside", _KMS + "key-policy-modifying-external-accounts.html",
    Remedy.POLICY, Remedy.GRANTS,
)  # fmt: skip
def shared_outside(subject: Subject) -> Iterator[Hit | Unread]:
    """The key policy or a grant lets in another account, or an organization.

    Their administrators decide who there may use the key. Accounts and organizations that are one's
    own are named in `own_accounts` and `own_organizations`. An organization alone is an info: it
    may be one's own. Everybody in AWS is what KMS501 to KMS503 find.
    """
    if _is_going(subject):
        return
    policy, grants = subject.outside, subject.key.facts.grants
    said = []
    organizations_alone = True
    if not isinstance(policy, tuple):
        yield Unread(policy or "")
    else:
        for each in policy[:_MOST_NAMED]:
            what = f" may {each.what}" if each.what else ""
            said.append(f"{'organization' if each.is_organization else 'account'} {each.who}{what}")
            organizations_alone &= each.is_organization
        if policy[_MOST_NAMED:]:
            said.append(f"{len(policy) - _MOST_NAMED} more")
    if not isinstance(grants, GrantsRead):
        yield Unread(grants or "", None if grants else Fact.GRANTS)
    elif outside := [each for each in grants.outside if each not in subject.wanted.own_accounts]:
        organizations_alone = False
        said.append(f"by a grant account {', '.join(outside[:_MOST_NAMED])}")
    if said:
        yield Hit(f"Outside the account: {'; '.join(said)}", _INFO if organizations_alone else None)


@rule(
    OF_AWS_KEYS, _INFO, "AWS managed key in use", _KMS + "concepts.html#aws-managed-key",
    Remedy.USES,
)  # fmt: skip
def aws_managed(subject: Subject) -> Iterator[Hit | Unread]:
    """A key that AWS manages is in use where a customer managed one is wanted (`customer_keys`).

    Nobody can change its policy, share it or disable it. Which services ought to use a customer
    managed key is a choice: without the setting this rule finds nothing.
    """
    wanted = subject.wanted.customer_keys
    services = [each.removeprefix(_OF_AWS) for each in subject.aliases if each.startswith(_OF_AWS)]
    if not any(each in wanted or "all" in wanted for each in services):
        return
    usage, days = subject.key.facts.last_use, subject.wanted.unused_days
    if not isinstance(usage, LastUsage):
        yield Unread(usage or "", None if usage else Fact.LAST_USE)
    elif usage.at is not None and usage.at >= subject.now - timedelta(days=days):
        yield Hit(f"{', '.join(services)} used the key that AWS manages on {_day(usage.at)}")


RULES: Mapping[str, PostureRule] = {
    each.id: each
    for each in (
        no_rotation,
        long_period,
        material_expires,
        deletion_due,
        disabled,
        unused,
        no_alias,
        tags_missing,
        shared_outside,
        aws_managed,
    )
}
"""All of them by id, in order."""
