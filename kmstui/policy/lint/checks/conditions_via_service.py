"""Values of kms:ViaService: a service and its Region (KMS416, KMS417)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kmstui.model import late_pattern
from kmstui.policy.iam import DNS_SUFFIXES, has_wildcard, misspelt, wildcard_match
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import ANY, BROKEN_VALUE, WARNING, Hit, Subject, rule
from kmstui.policy.lint.facts.conditions import Clause, clauses
from kmstui.policy.lint.facts.services import REGION, RETAIL, USUAL, partition_of_region
from kmstui.policy.lint.fixes import write
from kmstui.policy.syntax import StringNode

_DOMAIN = "|".join(map(re.escape, sorted({*DNS_SUFFIXES.values()}, reverse=True)))
_VIA_SERVICE = late_pattern(rf"([a-z0-9-]+)\.({REGION})\.({_DOMAIN})")
_SWAPPED = late_pattern(rf"({REGION})\.([a-z0-9-]+)\.(?:{_DOMAIN}|{re.escape(RETAIL)})")
_NO_REGION = late_pattern(rf"([a-z0-9-]+)\.({_DOMAIN})")
_NO_DOMAIN = late_pattern(rf"([a-z0-9-]+)\.({REGION})(?:\.(?:{_DOMAIN}|{re.escape(RETAIL)}))?")
_SERVICE_OF = {"ebs": "ec2", "efs": "elasticfilesystem", "emr": "elasticmapreduce"}
"""The service that calls KMS, where it has another name than people know it by (KMS Developer
Guide, "kms:ViaService", table of supported services)."""


def _via_values(subject: Subject) -> Iterator[tuple[Clause, StringNode]]:
    for clause in clauses(subject):
        if clause.key == "kms:viaservice" and not clause.is_null and clause.operator.base:
            for node in clause.strings:
                if "${" not in node.value:
                    yield clause, node


def _domains(region: str) -> tuple[str, ...]:
    """What values of a Region may end in; which of two it is in China, its documents leave open."""
    own = DNS_SUFFIXES[partition_of_region(region)]
    return (own,) if own == USUAL else (own, USUAL)


def _corrected(subject: Subject, text: str) -> str | None:
    """A ViaService value in its proper form, as far as it can be told."""
    lower = "".join(text.split()).lower()
    region = subject.key.arn.region if subject.key.arn is not None else ""
    if (match := _VIA_SERVICE.fullmatch(lower)) is not None and match[3] in _domains(match[2]):
        return lower
    if (match := _SWAPPED.fullmatch(lower)) is not None:
        return f"{match[2]}.{match[1]}.{_domains(match[1])[0]}"
    if (match := _NO_DOMAIN.fullmatch(lower)) is not None:
        return f"{match[1]}.{match[2]}.{_domains(match[2])[0]}"
    if not region:
        return None
    domains = _domains(region)
    if (match := _NO_REGION.fullmatch(lower)) is not None:
        return f"{match[1]}.{region}.{match[2] if match[2] in domains else domains[0]}"
    return f"{lower}.{region}.{domains[0]}" if lower in subject.knowledge.via_services else None


def _unlisted(subject: Subject, node: StringNode, service: str) -> Hit | None:
    """What is to be said of a service that is not known to call KMS, which may do so by now."""
    known = subject.knowledge
    if service in known.via_services:
        return None
    meant = _SERVICE_OF.get(service)
    if meant is None and service in known.service_principals:
        return None
    meant = meant or misspelt(service, known.via_services)
    message = f'"{service}" is not in the list of services that call KMS of {known.date}'
    if meant is None:
        return Hit(node.span, message)
    fix = write(node, meant + node.value[len(service) :])
    return Hit(node.span, f"{message}; did you mean {meant}?", fix)


@rule(
    "KMS416",
    WARNING,
    "Wrong or unknown service in kms:ViaService",
    pages.VIA_SERVICE,
    ANY,
    hidden_by=BROKEN_VALUE,
)
def malformed_via_service(subject: Subject) -> Iterator[Hit]:
    """kms:ViaService values that name no service in a Region, or one that is not known.

    The value is SERVICE.REGION.amazonaws.com; any other text equals no service, so the
    condition is never met. AWS adds services, so one that is not in our list may be new.
    """
    for clause, node in _via_values(subject):
        text = node.value
        if clause.operator.wildcards and has_wildcard(text):
            continue
        match = _VIA_SERVICE.fullmatch(text)
        if match is None or match[3] not in _domains(match[2]):
            corrected = _corrected(subject, text)
            form = corrected or "SERVICE.REGION.amazonaws.com"
            yield Hit(node.span, f'"{text}" is not of the form {form}', write(node, corrected))
            continue
        unlisted = _unlisted(subject, node, match[1])
        if unlisted is not None:
            yield unlisted


@rule(
    "KMS417",
    WARNING,
    "kms:ViaService in another Region than the key",
    pages.VIA_SERVICE,
    hidden_by=BROKEN_VALUE,
)
def via_service_elsewhere(subject: Subject) -> Iterator[Hit]:
    """kms:ViaService values with a Region that is not the key's.

    A service uses the keys of its own Region, so a request through a service of another Region
    does not reach this key.
    """
    arn = subject.key.arn
    if arn is None or not arn.region:
        return
    for clause, node in _via_values(subject):
        match = _VIA_SERVICE.fullmatch(node.value)
        if match is None or match[2] == arn.region:
            continue
        # The policy of a multi-Region key may well serve all of its replicas.
        if subject.key.multi_region and any(f".{arn.region}." in text for text in clause.texts):
            continue
        value = node.value[: match.start(2)] + arn.region + node.value[match.end(2) :]
        # One text for the keys of several Regions serves this one as well.
        if _is_among(value, clause):
            continue
        yield Hit(
            node.span,
            f"The key is in {arn.region}, {node.value} in {match[2]}",
            write(node, value),
        )


def _is_among(value: str, clause: Clause) -> bool:
    if clause.operator.wildcards:
        return any(wildcard_match(text, value) for text in clause.texts)
    return value in clause.texts
