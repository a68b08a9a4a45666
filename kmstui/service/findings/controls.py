"""The controls of CIS, PCI DSS, NIST and AWS Security Hub that a rule serves.

Security Hub names them itself. Its KMS.1 and KMS.2 are about policies of IAM that allow decryption
with all keys: no key shows that, so no rule here serves them.
Source: Security Hub User Guide, "Security Hub CSPM controls for AWS KMS", each control's "Related
requirements".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_PAGE = "https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html"


class Control(NamedTuple):
    """One control of one catalogue."""

    catalogue: str
    """`AWS Security Hub`, `CIS AWS Foundations Benchmark` …"""
    version: str
    """Of the catalogue; empty where it has none."""
    number: str
    short: str
    """How a row of a list has it."""
    url: str
    """The page that says so."""

    @property
    def words(self) -> str:
        """`PCI DSS v4.0.1 3.7.4`."""
        return " ".join(filter(None, (self.catalogue, self.version, self.number)))


def _hub(number: int) -> Control:
    name = f"KMS.{number}"
    return Control("AWS Security Hub", "", name, name, f"{_PAGE}#kms-{number}")


def _related(to: int, catalogue: str, version: str, number: str, short: str = "") -> Control:
    return Control(catalogue, version, number, short, f"{_PAGE}#kms-{to}")


def _cis(version: str, number: str) -> Control:
    short = f"CIS {number}" if version == "v5.0.0" else ""
    return _related(4, "CIS AWS Foundations Benchmark", version, number, short)


def _nist(to: int, number: str) -> Control:
    return _related(to, "NIST SP 800-53", "r5", number)


_ROTATION = (
    _hub(4),
    _cis("v5.0.0", "3.6"),
    _cis("v3.0.0", "3.6"),
    _cis("v1.4.0", "3.8"),
    _cis("v1.2.0", "2.8"),
    _related(4, "PCI DSS", "v4.0.1", "3.7.4", "PCI 3.7.4"),
    _related(4, "PCI DSS", "v3.2.1", "3.6.4"),
    _nist(4, "SC-12"),
    _nist(4, "SC-12(2)"),
    _nist(4, "SC-28(3)"),
)
_DELETION = (_hub(3), _nist(3, "SC-12"), _nist(3, "SC-12(2)"))
_PUBLIC = (_hub(5),)

_CONTROLS = {
    "KEY01": _ROTATION,
    "KEY04": _DELETION,
    # A policy that lets everybody in is the linter's to find.
    "KMS501": _PUBLIC,
    "KMS502": _PUBLIC,
    "KMS503": _PUBLIC,
}


def controls_of(rule: str) -> tuple[Control, ...]:
    """The controls that a rule serves, by its id; empty where none asks for it."""
    return _CONTROLS.get(rule, ())


def in_short(controls: Iterable[Control]) -> str:
    """The controls in the room of a column: of each catalogue the newest version alone."""
    return " ".join(each.short for each in controls if each.short)
