"""How a save can end: what happened, what is stored, what to do next, and which part was refused.

KMS seldom names the part: "Policy contains a statement with one or more invalid principals"
does not say which. What it does name is found in the text; else the roles and users that IAM does
not list; else the likely culprits are shown, as guesses: unique IDs of deleted principals first,
then principals that the stored policy, which was accepted once, does not have. A refusal by the
lock-out check is about the statements that deny kms:PutKeyPolicy, where there are any; else about
all that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from kmstui.model import Arn
from kmstui.policy.iam import did_you_mean
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
from kmstui.service.editing.location import PUT_KEY_POLICY, KnownIdentities
from kmstui.service.errors import OPEN_OUTCOME, ServiceError

_KEPT = "Your text is kept."
_MOST_CULPRITS = 3
"""That a sentence names; the text shows all."""


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
    sentence: str = ""
    """The same for somebody who does not see the text; empty where the service's words say it."""


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
                silence = self._silence.replace(OPEN_OUTCOME, "")
                return f"Saved: {label} holds your policy, read back. {silence}".rstrip()
            case SaveEnd.PROPAGATING:
                reads = "still show the policy before" if self.stored else "do not find it yet"
                return (
                    f"Saved, still propagating: the put to {label} was accepted, and reads"
                    f" {reads}. This can take up to 5 minutes."
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
                words = (self.error.sentence if self.error else "", *self._culprits, _KEPT)
                return " ".join(words)
            case SaveEnd.UNKNOWN:
                found = f"{label[:1].upper()}{label[1:]} {self._found}"
                return f"{self._silence} {found} {_KEPT}"

    @property
    def _culprits(self) -> tuple[str, ...]:
        """Who may be why it was refused, in a sentence each."""
        return tuple(each.sentence for each in self.parts if each.sentence)[:_MOST_CULPRITS]

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


def refused_parts(
    text: str, message: str, stored: str, known: KnownIdentities | None = None
) -> tuple[RefusedPart, ...]:
    """The parts that `message` names or may mean, best first; `known` tells who exists."""
    document = parse(text)
    if locks_out(message):
        return _denials(read_policy(document))
    named = _named(document, message)
    if named:
        return named
    policy, known = read_policy(document), known or KnownIdentities()
    if missing := tuple(_missing(policy, known)):
        return missing
    if "principal" not in message.lower():
        return ()
    there = {*(known.roles or ()), *(known.users or ())}
    return _suspects(policy, read_policy(parse(stored)), there)


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


def _missing(policy: Policy, known: KnownIdentities) -> Iterator[RefusedPart]:
    """The roles and users that IAM does not list among those of the account."""
    for label, node in _principals(policy):
        arn = Arn.maybe(node.value)
        listed = None if arn is None else _listed(arn, known)
        if arn is None or listed is None or arn.account != known.account:
            continue
        if not _is_among(arn, listed):
            reason = f"account {arn.account} has no such {_kind(arn)}"
            if (near := _near(arn, listed)) is not None:
                reason += f"; did you mean {near}?"
            yield RefusedPart(node.span, True, reason, f"{label} names {node.value}: {reason}.")


def _kind(arn: Arn) -> str:
    return "user" if arn.resource_type == "user" else "role"


def _listed(arn: Arn, known: KnownIdentities) -> tuple[str, ...] | None:
    """Those among whom a role, session or user would be; None where they are not listed."""
    kinds = {
        ("iam", "role"): known.roles,
        ("iam", "user"): known.users,
        ("sts", "assumed-role"): known.roles,
    }
    return kinds.get((arn.service, arn.resource_type))


def _is_among(arn: Arn, listed: Sequence[str]) -> bool:
    if arn.service == "iam":
        return str(arn) in listed
    role = arn.name.partition("/")[0]
    return any(each.rpartition("/")[2] == role for each in listed)


def _near(arn: Arn, listed: Sequence[str]) -> str | None:
    """The one of the same name under another path, else of nearly the same name."""
    if arn.service != "iam":
        return None
    name = arn.name.rpartition("/")[2].lower()
    same = [each for each in listed if each.rpartition("/")[2].lower() == name]
    return same[0] if same else did_you_mean(str(arn), listed)


def _suspects(policy: Policy, stored: Policy, there: Set[str]) -> tuple[RefusedPart, ...]:
    accepted = {node.value for _, node in _principals(stored)}
    gone: list[RefusedPart] = []
    new: list[RefusedPart] = []
    for label, node in _principals(policy):
        value = node.value
        if _UNIQUE_ID.fullmatch(value):
            found, reason = gone, "the unique ID of a principal that was deleted"
        elif value in accepted or value in there or value == "*":
            continue
        else:
            found, reason = new, "the stored policy does not name it"
        sentence = f"Perhaps it is {value} in {label}: {reason}."
        found.append(RefusedPart(node.span, False, reason, sentence))
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


def _principals(policy: Policy) -> list[tuple[str, StringNode]]:
    """Everybody whom the policy names, each once, with the statement that does so last."""
    found = {
        entry.value.value: (statement.label, entry.value)
        for statement in policy.statements
        for entry in (*statement.principals, *statement.not_principals)
    }
    return list(found.values())
