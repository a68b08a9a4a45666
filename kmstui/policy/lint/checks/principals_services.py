"""KMS306: service principals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from kmstui.policy.iam.match_value import has_wildcard
from kmstui.policy.iam.suggestions import did_you_mean
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.placeholders import find_placeholders
from kmstui.policy.lint.rules import BROKEN_VALUE, Hit, Severity, Subject, rule
from kmstui.policy.syntax.edits import fix, replace_string
from kmstui.policy.syntax.nodes import StringNode

_SUFFIXES = (
    ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".amazon.com", ".aws.internal",
    ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")
_FIRST_SUFFIX = _SUFFIXES[0]


@lru_cache(maxsize=2048)
def split_service(value: str) -> tuple[str, str] | None:
    """The name and the suffix of a service principal; None where it is none."""
    for suffix in _SUFFIXES:
        if value.endswith(suffix):
            name = value.removesuffix(suffix)
            return (name, suffix) if _NAME.fullmatch(name) else None
    return None


def service_name(name: str) -> str:
    """The service of a principal's name, without the Region that some put in."""
    return ".".join(label for label in name.split(".") if not _REGION.fullmatch(label))


@rule(
    "KMS306",
    Severity.ERROR,
    "Malformed or unknown service",
    pages.PRINCIPAL,
    hidden_by=BROKEN_VALUE,
)
def service_principal(subject: Subject) -> Iterator[Hit]:
    """Service principals that cannot be, or that are not known (a warning).

    A service principal is a name such as logs.amazonaws.com or logs.eu-west-1.amazonaws.com;
    KMS rejects a policy with one that does not exist.
    """
    services = subject.knowledge.service_principals
    for statement in subject.policy.statements:
        for entry in (*statement.principals, *statement.not_principals):
            value = entry.value.value
            # A wildcard is a matter of KMS514, an empty string one of KMS107.
            if entry.type != "Service" or not value.strip() or has_wildcard(value):
                continue
            if find_placeholders(value):
                continue
            split = split_service(value)
            if split is None:
                yield _malformed(entry.value, services)
            elif service_name(split[0]) not in services:
                yield _unknown(entry.value, split, services, subject.knowledge.date)


def _malformed(node: StringNode, services: frozenset[str]) -> Hit:
    value = node.value
    right = _repaired(value.strip(), services)
    change = fix(f"Write {right}", replace_string(node, right)) if right else None
    return Hit(node.span, f"{value!r} is no service principal", change)


def _repaired(value: str, services: frozenset[str]) -> str | None:
    """The service principal that a malformed one was meant to be."""
    lower = re.sub(r"^https?://|/+$", "", value.lower())
    if split_service(lower):
        return lower
    name = re.sub(r"\.(?:amazonaws?|aws)?(?:\.(?:com?|cn))*$", "", lower)
    name = name.removesuffix(".")
    if service_name(name) in services:
        return name + _FIRST_SUFFIX
    return None


def _unknown(node: StringNode, split: tuple[str, str], services: frozenset[str], date: str) -> Hit:
    name, suffix = split
    near = did_you_mean(service_name(name), sorted(services))
    change, hint = None, f" (as of {date})"
    if near is not None:
        right = name.replace(service_name(name), near) + suffix
        change = fix(f"Write {right}", replace_string(node, right))
        hint = f"; did you mean {right}?"
    return Hit(node.span, f"AWS has no service {node.value!r}{hint}", change, Severity.WARNING)
