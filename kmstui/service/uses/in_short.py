"""What is known of a key's use in a few lines, for whoever is about to disable or delete it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from kmstui.model import Key
from kmstui.service.uses.sources import (
    CONFIG,
    EVENTS,
    GRANTS,
    LAST_USE,
    LISTS,
    NOBODY_SEES,
    KeyUses,
    SourceReading,
    UseSource,
    UseState,
    titles,
)

_MOST_NAMES = 3


def in_short(uses: KeyUses) -> str:
    """Lines: what was found, what is not known and why, and what nobody can know."""
    return "\n".join(_lines(uses))


def _lines(uses: KeyUses) -> Iterator[str]:
    last = uses.of(LAST_USE)
    if last.state.is_known:
        yield last.claim
    found = [(source, reading) for source, reading in uses.found if source is not LAST_USE]
    if found:
        yield f"FOUND: {'; '.join(_found(*each) for each in found)}."
    if reading := uses.sources_in(UseState.READING):
        yield f"Still being read: {titles(reading)}."
    empty = [
        each
        for each in uses.sources_in(UseState.READ, UseState.PARTLY)
        if not uses.of(each).uses and each is not LAST_USE
    ]
    if empty:
        yield f"Nothing was found in: {titles(empty)}. Each sees a part only (U tells which)."
    if partly := uses.sources_in(UseState.PARTLY):
        yield f"Read in part: {titles(partly)}."
    if failed := uses.sources_in(UseState.DENIED, UseState.FAILED):
        yield f"Not known: {titles(failed)}. {uses.of(failed[0]).problem}"
    unlooked = uses.sources_in(UseState.NOT_LOOKED)
    if late := [each for each in unlooked if each.kind is None]:
        yield f"Not read in time: {titles(late)}. U reads on."
    if lists := [each for each in unlooked if each.kind is not None]:
        yield f"Not looked at: {titles(lists)}. In U, m reads them."
    yield NOBODY_SEES


def _found(source: UseSource, reading: SourceReading) -> str:
    names = list(dict.fromkeys(use.what for use in reading.uses))
    more = f" and {len(names) - _MOST_NAMES} more" if names[_MOST_NAMES:] else ""
    return f"{source.title}: {', '.join(names[:_MOST_NAMES])}{more}"


_SHOW_USE = (LAST_USE, EVENTS, GRANTS, CONFIG, *LISTS)
"""Sources that tell of use itself; an alias, a policy or a replica shows that it may be."""


def in_brief(uses: KeyUses) -> tuple[str, bool | None]:
    """A few words for a row, and whether use was seen; None where that is not known yet."""
    last = uses.of(LAST_USE)
    found = [source for source, _ in uses.found if source in _SHOW_USE]
    at = next((use.at for use in last.uses if use.at), None) if last.state.is_known else None
    words = [f"{at:%Y-%m-%d}"] if at else []
    words += [f"{each.title} {len(uses.of(each).uses)}" for each in found if each is not LAST_USE]
    if words:
        return ", ".join(words), True
    if uses.is_reading or not uses.readings:
        return "reading…", None
    if unknown := [each for each in _AT_ONCE if not uses.of(each).state.is_known]:
        return f"not known: {titles(unknown)}", None
    return "none found", False


_AT_ONCE = (LAST_USE, EVENTS, GRANTS)
"""Sources without which "none found" would say too much."""


def deletion_facts(key: Key, replica_regions: tuple[str, ...]) -> tuple[str, ...]:
    """What KMS documents of deleting this very key.

    Source: KMS Developer Guide, "Deleting AWS KMS keys" and the pages it leads to.
    """
    metadata = key.metadata
    facts = [
        "Data keys outlive it: what a program keeps in memory goes on until it ends, and cannot be"
        " decrypted again then."
    ]
    if metadata is None:
        return tuple(facts)
    if metadata.multi_region == "PRIMARY" and replica_regions:
        facts.append(
            f"It is a primary key with replicas in {', '.join(replica_regions)}: it is deleted only"
            " after they are, and its waiting period begins then. It cannot be used meanwhile;"
            " they can."
        )
    elif metadata.multi_region == "REPLICA":
        facts.append(
            "It is a replica: its related keys still decrypt what it has encrypted, and it can be"
            " replicated again."
        )
    if metadata.origin == "EXTERNAL":
        facts.append(
            "Its key material is imported: a copy of yours cannot bring back a symmetric key, for"
            " each ciphertext is bound to this key's own metadata. What shall only rest can be"
            " disabled, or its material deleted and imported again."
            if metadata.spec == "SYMMETRIC_DEFAULT"
            else "Its key material is imported: with your copy, the data can be read outside KMS."
        )
    if metadata.usage == "SIGN_VERIFY" or metadata.spec.startswith(("RSA", "ECC", "ML_")):
        facts.append(
            "It has a public key: whoever holds it can go on encrypting or verifying, and KMS does"
            " not see that."
        )
    if metadata.custom_key_store_id:
        facts.append("Its material is in a custom key store, and may have to be deleted there too.")
    return tuple(facts)


def alarm_commands(key: Key) -> str:
    """AWS CLI commands for an alarm on attempts to use a key that is disabled or to be deleted.

    As "Create an alarm that detects use of a KMS key pending deletion" of the KMS Developer Guide
    has it, narrowed to one key, and with the error of a disabled key beside. A trail that delivers
    to CloudWatch Logs and a topic of SNS are needed; LOG_GROUP and TOPIC_ARN stand for them.
    """
    name = f"kms-use-{key.bare_id}"
    errors = " || ".join(
        f'($.errorMessage = "{key.arn} is {state}.")' for state in ("pending deletion", "disabled")
    )
    pattern = f"{{ ($.eventSource = kms*) && ({errors}) }}"
    metric = f"metricName={name},metricNamespace=KmsKeyUse,metricValue=1"
    at = ("--region", key.region)
    commands = (
        ("aws", "logs", "put-metric-filter", *at, "--log-group-name", "LOG_GROUP",
         "--filter-name", name, "--filter-pattern", pattern, "--metric-transformations", metric),
        ("aws", "cloudwatch", "put-metric-alarm", *at, "--alarm-name", name,
         "--metric-name", name, "--namespace", "KmsKeyUse", "--statistic", "Sum",
         "--period", "300", "--evaluation-periods", "1", "--threshold", "1",
         "--comparison-operator", "GreaterThanOrEqualToThreshold",
         "--treat-missing-data", "notBreaching", "--alarm-actions", "TOPIC_ARN"),
    )  # fmt: skip
    return "\n".join(map(shlex.join, commands))
