"""How a save can end: what happened, what is stored, what to do next, and which part was refused.

KMS seldom names the part: "Policy contains a statement with one or more invalid principals"
does not say which. What it does name is found in the text; else the likely culprits are shown,
as guesses: unique IDs of deleted principals first, then principals that the stored policy, which
was accepted once, does not have. A refusal by the lock-out check is about the statements that deny
kms:PutKeyPolicy, where there are any; else about all that is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from kmstui.policy.syntax import (
    Document,
    Node,
    ObjectNode,
    Policy,
    Span,
    Statement,
    StringNode,
    parse,
    read_policy,
    walk,
)
from kmstui.service.changes import Shown
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.location import PUT_KEY_POLICY
from kmstui.service.errors import ServiceError

_KEPT = "Your text is kept."


class SaveEnd(StrEnum):
    """How a save ended."""

    UNCHANGED = "unchanged"
    """The stored policy says the same already; nothing was sent."""
    SAVED = "saved"
    """Accepted, and read back."""
    PROPAGATING = "propagating"
    """Accepted; what is read back is still the policy before."""
    DIFFERS = "differs"
    """Accepted; what is read back is neither this policy nor the one before."""
    UNREAD = "unread"
    """Accepted; it could not be read back."""
    REFUSED = "refused"
    """Refused, or never sent; the stored policy is as before."""
    UNKNOWN = "unknown"
    """Sent, no clear answer came, and reading back did not find it."""


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """A range of the text that the refusal is, or may be, about."""

    span: Span
    certain: bool
    """Whether the words name it; else it is a guess."""
    reason: str
    """Why this part, in a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """How a save ended, and what is known then."""

    label: str
    """The policy as a sentence names it."""
    end: SaveEnd
    sent: str
    """The text that was to be saved."""
    stored: str = ""
    """What is stored, where it could be read."""
    shown: Shown = Shown.UNREADABLE
    """What that is."""
    unread: str = ""
    """Why it could not be read back, as a sentence."""
    error: ServiceError | None = None
    """Why it was refused, or why no clear answer came; None where it was accepted."""
    parts: tuple[RefusedPart, ...] = ()
    """Of a refusal, best first; empty where the words are about no part in particular."""
    journal_problem: str = ""
    """Why the end of the save could not be written down, as a sentence."""

    @property
    def is_stored(self) -> bool:
        """Whether it was read back, or was stored already."""
        return self.end in (SaveEnd.SAVED, SaveEnd.UNCHANGED)

    @property
    def is_taken(self) -> bool:
        """Whether it was accepted, and nothing else is known to be stored."""
        return self.end in (SaveEnd.PROPAGATING, SaveEnd.UNREAD)

    @property
    def refusal(self) -> str:
        """The service's own words where it was refused, else ""."""
        if self.error is None or self.end is not SaveEnd.REFUSED:
            return ""
        return service_words(self.error)

    @property
    def locks_out(self) -> bool:
        """Whether KMS's lock-out check refused it, which can be bypassed."""
        return locks_out(self.refusal)

    @property
    def sentence(self) -> str:
        """What happened, and what to do next."""
        return f"{self.what} {self.journal_problem}".rstrip()

    @property
    def what(self) -> str:
        """What happened, without the journal's trouble."""
        label = self.label
        match self.end:
            case SaveEnd.UNCHANGED:
                return f"The policy of {label} is this one already; nothing was sent."
            case SaveEnd.SAVED:
                return f"Saved: {label} holds your policy, read back. {self._silence}".rstrip()
            case SaveEnd.PROPAGATING:
                reads = "still show the policy before" if self.stored else "do not find it yet"
                return (
                    f"Saved, still propagating: the put to {label} was accepted, and reads"
                    f" {reads}. This can take up to 5 minutes; r reads it again."
                )
            case SaveEnd.DIFFERS:
                return (
                    f"Accepted, but {label} now holds another policy than yours; most likely"
                    f" somebody else put theirs at the same time. {_KEPT} Look at the difference"
                    " and decide."
                )
            case SaveEnd.UNREAD:
                return f"Accepted, but {label} could not be read back. {self.unread}"
            case SaveEnd.REFUSED:
                return f"{self.error.sentence if self.error else ''} {_KEPT}"
            case SaveEnd.UNKNOWN:
                found = f"{label[:1].upper()}{label[1:]} {self._found}"
                return f"{self._silence} {found} {_KEPT}"

    @property
    def _silence(self) -> str:
        """That no clear answer came and why; empty where one did."""
        if self.error is None:
            return ""
        return f"The put got no clear answer: {self.error.reason.rstrip('.')}."

    @property
    def _found(self) -> str:
        return {
            Shown.OLD: (
                "still shows the policy before, so yours was most likely not stored; it may still"
                " show up within 5 minutes. The next review reads it again."
            ),
            Shown.OTHER: (
                "holds neither your policy nor the one before: somebody else changed it. Look at"
                " the difference and decide."
            ),
        }.get(self.shown, f"cannot be read back now. {self.unread}")


SaveOutcome = SaveResult | Conflict


def service_words(error: ServiceError) -> str:
    """The service's own words; where it said none, the reason."""
    return error.context.service_message or error.reason


# Which part of the text a refusal is about

_UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]{12,}")
_SHORTEST_NAME = 4
"""Shorter strings, such as `*`, occur in any sentence."""


def locks_out(message: str) -> bool:
    """Whether KMS's words are those of its lock-out check (KMS API Reference, PutKeyPolicy)."""
    return "will not allow you to update the key policy" in message


def refused_parts(text: str, message: str, stored: str) -> tuple[RefusedPart, ...]:
    """The parts that `message` names or may mean, best first."""
    document = parse(text)
    if locks_out(message):
        return _denials(read_policy(document))
    named = _named(document, message)
    if named or "principal" not in message.lower():
        return named
    return _suspects(read_policy(document), read_policy(parse(stored)))


def _named(document: Document, message: str) -> tuple[RefusedPart, ...]:
    """Strings of the text that the message repeats; the longest name says most."""
    if document.root is None:
        return ()
    strings = [
        node
        for node in _strings(document.root)
        if len(node.value) >= _SHORTEST_NAME and _mentions(message, node.value)
    ]
    # "kms:Encrypt" is no news beside the statement's ARN that holds it.
    longest = [
        node
        for node in strings
        if not any(node.value != other.value and node.value in other.value for other in strings)
    ]
    longest.sort(key=lambda node: (-len(node.value), node.span))
    return tuple(RefusedPart(node.span, True, "the refusal names it") for node in longest)


def _mentions(message: str, value: str) -> bool:
    return re.search(rf"(?<![\w:/-]){re.escape(value)}(?![\w/-])", message) is not None


def _strings(root: Node) -> list[StringNode]:
    """Every string below, names of members included, except the policy grammar's own words."""
    found = []
    for node in walk(root):
        if isinstance(node, StringNode):
            found.append(node)
        elif isinstance(node, ObjectNode):
            found += [m.key for m in node.members if ":" in m.key.value]
    return found


def _suspects(policy: Policy, stored: Policy) -> tuple[RefusedPart, ...]:
    accepted = set(_principals(stored))
    gone, new = [], []
    for value, node in _principals(policy).items():
        if _UNIQUE_ID.fullmatch(value):
            gone.append(
                RefusedPart(node.span, False, "the unique ID of a principal that was deleted")
            )
        elif value not in accepted and value != "*":
            new.append(RefusedPart(node.span, False, "the stored policy does not name it"))
    return (*gone, *new)


def _denials(policy: Policy) -> tuple[RefusedPart, ...]:
    """Statements that may deny everybody the next put."""
    return tuple(
        RefusedPart(statement.node.span, False, f"a Deny that covers {PUT_KEY_POLICY}")
        for statement in policy.statements
        if statement.effect == "Deny" and _covers_put(statement)
    )


def _covers_put(statement: Statement) -> bool:
    action = PUT_KEY_POLICY.lower()
    if statement.not_actions:
        return not any(fnmatchcase(action, each.value.lower()) for each in statement.not_actions)
    return any(fnmatchcase(action, each.value.lower()) for each in statement.actions)


def _principals(policy: Policy) -> dict[str, StringNode]:
    return {
        entry.value.value: entry.value
        for statement in policy.statements
        for entry in (*statement.principals, *statement.not_principals)
    }
