"""What could be written at the cursor of a policy: elements, actions, conditions, principals.

Only names; whether they are right where they stand is the linter's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kmstui.model import Arn
from kmstui.policy.authoring.cursor import Cursor, cursor_at, tokens_forth, unquoted
from kmstui.policy.iam import (
    FOR_ALL_VALUES,
    FOR_ANY_VALUE,
    OPERATORS,
    ActionInfo,
    ConditionKeyInfo,
    Knowledge,
    parse_operator,
    usual_actions,
    usual_condition_keys,
)


@dataclass(frozen=True, slots=True)
class CompletionContext:
    """What the account and the key tell; all of it optional."""

    root: str = ""
    """ARN of the key's account: `arn:aws:iam::111122223333:root`."""
    caller: str = ""
    """ARN to write for who is asking: the user, or the role of the session."""
    roles: tuple[str, ...] = ()
    """ARNs of the account's roles."""
    principals: tuple[str, ...] = ()
    """Principals that other policies name."""
    encryption_contexts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Encryption context keys seen in events, and the values seen with each."""
    region: str = ""
    """The key's Region."""
    endpoints: tuple[tuple[str, str], ...] = ()
    """IDs of the Region's VPC endpoints of KMS, each with that of its VPC."""
    usage: str = ""
    """Its KeyUsage; empty where it is not known, or where no key is."""
    spec: str = ""
    """Its KeySpec."""

    @property
    def account(self) -> str:
        """The twelve digits of the key's account, or empty."""
        arn = Arn.maybe(self.root)
        return arn.account if arn else ""


@dataclass(frozen=True, slots=True)
class Completion:
    """One proposal."""

    label: str
    insert: str
    """What replaces the range, quotes and all."""
    detail: str


@dataclass(frozen=True, slots=True)
class Completions:
    """The proposals for one place, the likeliest first."""

    start: int
    """Characters `start` up to, not including, `end` are replaced."""
    end: int
    items: tuple[Completion, ...]


_ROOT = {
    "Version": "always 2012-10-17; without it policy variables do not work",
    "Id": "a name for the whole policy; has no effect",
    "Statement": "the list of statements",
}
_STATEMENT = {
    "Sid": "a name for the statement; has no effect",
    "Effect": "Allow or Deny",
    "Principal": "who",
    "NotPrincipal": "everybody but these; discouraged",
    "Action": "what they may do",
    "NotAction": "everything but these; discouraged",
    "Resource": '"*" means this key',
    "NotResource": "has no use in a key policy",
    "Condition": "only when",
}
_PRINCIPAL_TYPES = {
    "AWS": "accounts, roles, users",
    "Service": "AWS services",
    "Federated": "identity providers",
    "CanonicalUser": "S3's canonical user IDs; no use here",
}
_ACTION_FAMILIES = {
    "kms:*": "every KMS action",
    "kms:ReEncrypt*": "ReEncryptFrom and ReEncryptTo; there is no kms:ReEncrypt",
    "kms:GenerateDataKey*": "data keys and data key pairs, with and without plaintext",
}
_ACCOUNT_KEYS = {
    "kms:calleraccount",
    "aws:principalaccount",
    "aws:sourceaccount",
    "aws:resourceaccount",
    "aws:vpceaccount",
}
_PRINCIPAL_KEYS = {"aws:principalarn", "kms:granteeprincipal", "kms:retiringprincipal"}
_SERVICE_KEYS = {
    "kms:granteeserviceprincipal",
    "kms:retiringserviceprincipal",
    "aws:principalservicename",
    "aws:principalservicenameslist",
}
_CONTEXT_KEY = "kms:encryptioncontext:"
_ATTESTATION = "kms:RecipientAttestation:"
"""A key for each of 57 registers: they come last, or nobody would see the others."""


def complete(
    text: str, offset: int, knowledge: Knowledge, context: CompletionContext | None = None
) -> Completions:
    """What could be written at `offset` of `text`, which need not be valid; never raises."""
    offset = max(0, min(offset, len(text)))
    cursor = cursor_at(text, offset)
    proposals = _Proposals(text, cursor, knowledge, context or CompletionContext())
    if cursor.expects == "key":
        items = [
            _as_key(item, text, cursor.end) for item in _matching(proposals.keys(), cursor.typed)
        ]
    elif cursor.expects == "value":
        items = _matching(proposals.values(), cursor.typed)
    else:
        items = []
    return Completions(cursor.start, cursor.end, tuple(items))


def _quoted(label: str, detail: str = "") -> Completion:
    return Completion(label, f'"{label}"', detail)


def _as_key(item: Completion, text: str, end: int) -> Completion:
    """Write the colon too, unless it stands there."""
    if re.compile(r"\s*:").match(text, end) or item.insert[-1] != '"':
        return item
    return Completion(item.label, item.insert + ": ", item.detail)


def _matching(items: Iterable[Completion], typed: str) -> list[Completion]:
    """The items that what was typed can become; those that begin with it first."""
    wanted = typed.lower()
    ranked: dict[str, tuple[int, Completion]] = {}
    for item in items:
        label = item.label.lower()
        at = label.find(wanted)
        if at < 0:
            continue
        boundary = at > 0 and not label[at - 1].isalnum()
        rank = 0 if at == 0 else 1 if boundary else 2
        ranked.setdefault(item.label, (rank, item))
    return [item for _, item in sorted(ranked.values(), key=lambda pair: pair[0])]


@dataclass(frozen=True, slots=True)
class _Proposals:
    text: str
    cursor: Cursor
    knowledge: Knowledge
    context: CompletionContext

    # Keys

    def keys(self) -> Iterator[Completion]:
        """What an object at this place may hold and does not hold yet."""
        inside, around = (*self.cursor.names, "", "")[:2]
        if inside == "Condition":
            yield from self._operators()
        elif inside in ("Principal", "NotPrincipal"):
            yield from self._absent(_PRINCIPAL_TYPES)
        elif around == "Condition":
            yield from self._condition_keys(inside)
        elif not inside and len(self.cursor.brackets) == 1:
            yield from self._absent(_ROOT)
        elif inside in ("", "Statement"):
            yield from self._absent(_STATEMENT)

    def _absent(self, elements: Mapping[str, str]) -> Iterator[Completion]:
        present = set(_members(self.text, self.cursor.brackets[0].offset))
        present.discard(self.cursor.typed)
        for name, detail in elements.items():
            if name not in present:
                yield _quoted(name, detail)

    def _operators(self) -> Iterator[Completion]:
        prefix = next(
            (
                prefix
                for prefix in (FOR_ALL_VALUES, FOR_ANY_VALUE)
                if self.cursor.typed.lower().startswith(prefix.lower())
            ),
            "",
        )
        for operator in OPERATORS.values():
            variant = operator.with_(set_prefix=prefix) if prefix else operator
            yield _quoted(variant.name, f"compares {operator.type}")
        for operator in OPERATORS.values():
            if operator.type != "Null":
                variant = operator.with_(set_prefix=prefix, if_exists=True)
                yield _quoted(variant.name, "also holds where the key is absent")
        if not prefix:
            yield Completion(f"{FOR_ANY_VALUE}:", f'"{FOR_ANY_VALUE}:', "one of several values")
            yield Completion(f"{FOR_ALL_VALUES}:", f'"{FOR_ALL_VALUES}:', "all of several values")

    def _condition_keys(self, operator_name: str) -> Iterator[Completion]:
        operator = parse_operator(operator_name)
        kind = operator.type if operator else ""
        infos = usual_condition_keys()
        actions = self._actions_of_statement()

        def rank(info: ConditionKeyInfo) -> tuple[bool, ...]:
            fits = kind in ("", "Null", info.type) or kind in info.other_types
            carried = not info.name.startswith("kms:") or bool(_carriers(info, actions))
            attested = info.name.startswith(_ATTESTATION)
            return (not fits, info.iam_only, bool(info.deprecated_for), not carried, attested)

        for info in sorted(infos, key=rank):
            detail = _key_detail(info, actions)
            if info.name[-1] in ":/":
                seen = self.context.encryption_contexts
                for name in seen if info.name.lower() == _CONTEXT_KEY else ():
                    yield _quoted(info.name + name, detail)
                yield Completion(f"{info.name}…", f'"{info.name}', f"{detail} · name to follow")
            else:
                yield _quoted(info.name, detail)

    def _actions_of_statement(self) -> tuple[ActionInfo, ...]:
        brackets = self.cursor.brackets
        if len(brackets) < 3:
            return ()
        patterns = _members(self.text, brackets[2].offset).get("Action", ())
        names = {name for pattern in patterns for name in self.knowledge.expand(pattern)}
        infos = (self.knowledge.action(name) for name in sorted(names))
        return tuple(info for info in infos if info)

    # Values

    def values(self) -> Iterator[Completion]:
        """What the member at this place may be given."""
        inside, around, beyond = (*self.cursor.names, "", "", "")[:3]
        if inside == "Version":
            yield _quoted("2012-10-17", "the present one")
            yield _quoted("2008-10-17", "old: no policy variables")
        elif inside == "Effect":
            yield _quoted("Allow")
            yield _quoted("Deny", "wins over every Allow")
        elif inside in ("Action", "NotAction"):
            yield from self._actions()
        elif inside in ("Resource", "NotResource"):
            yield _quoted("*", "this key")
        elif inside in ("Principal", "NotPrincipal"):
            yield _quoted("*", "everybody, in any account")
        elif around in ("Principal", "NotPrincipal"):
            yield from self._services() if inside == "Service" else self._principals()
        elif beyond == "Condition":
            yield from self._condition_values(inside, around)

    def _actions(self) -> Iterator[Completion]:
        context = self.context
        for name, detail in _ACTION_FAMILIES.items():
            members = map(self.knowledge.action, self.knowledge.expand(name))
            if any(each and each.works_with(context.usage, context.spec) for each in members):
                yield _quoted(name, detail)
        for info in usual_actions(context.usage, context.spec):
            what = info.description.removeprefix("Controls permission to ")
            only = ""
            if info.iam_only:
                only = "no effect in a key policy · "
            elif not info.works_with(context.usage, context.spec):
                only = "not with this key · "
            yield _quoted(info.name, f"{only}{info.access_level} · {what}")

    def _principals(self) -> Iterator[Completion]:
        context = self.context
        if context.root:
            yield _quoted(context.root, "this account: lets its IAM policies decide")
        if context.caller:
            yield _quoted(context.caller, "you")
        for role in context.roles:
            yield _quoted(role, "role of this account")
        for principal in context.principals:
            yield _quoted(principal, "in another key's policy")
        yield _quoted("*", "everybody, in any account")

    def _services(self) -> Iterator[Completion]:
        for service in sorted(self.knowledge.service_principals):
            yield _quoted(f"{service}.amazonaws.com", "AWS service")

    def _networks(self, key: str) -> Iterator[Completion]:
        """VPC endpoints of KMS, or the VPCs that have one."""
        if key == "aws:sourcevpce":
            yield from (_quoted(each, f"KMS in {vpc}") for each, vpc in self.context.endpoints)
            return
        for vpc in dict.fromkeys(vpc for _, vpc in self.context.endpoints if vpc):
            yield _quoted(vpc, "has an endpoint of KMS")

    def _condition_values(self, key: str, operator_name: str) -> Iterator[Completion]:
        lower = key.lower()
        info = self.knowledge.condition_key(key)
        operator = parse_operator(operator_name)
        if operator and operator.type == "Null":
            yield _quoted("true", "the key is absent")
            yield _quoted("false", "the key is there")
            return
        if info and info.type == "Bool":
            yield _quoted("true")
            yield _quoted("false")
        yield from (_quoted(value) for value in (info.values if info else ()))
        if lower == "kms:viaservice":
            region = self.context.region or "*"
            for service in sorted(self.knowledge.via_services):
                yield _quoted(f"{service}.{region}.amazonaws.com")
        elif lower in _ACCOUNT_KEYS and self.context.account:
            yield _quoted(self.context.account, "this account")
        elif lower in _PRINCIPAL_KEYS:
            yield from self._principals()
        elif lower in _SERVICE_KEYS:
            yield from self._services()
        elif lower in ("aws:sourcevpce", "aws:sourcevpc"):
            yield from self._networks(lower)
        elif lower == "kms:encryptioncontextkeys":
            yield from (_quoted(name, "seen") for name in self.context.encryption_contexts)
        elif lower.startswith(_CONTEXT_KEY):
            for name, values in self.context.encryption_contexts.items():
                if name.lower() == lower.removeprefix(_CONTEXT_KEY):
                    yield from (_quoted(value, "seen") for value in values)


def _carriers(info: ConditionKeyInfo, actions: Iterable[ActionInfo]) -> list[str]:
    lower = info.name.lower()
    return [
        action.name.removeprefix("kms:")
        for action in actions
        if any(key == lower or lower.startswith(key) for key in action.condition_keys)
    ]


def _key_detail(info: ConditionKeyInfo, actions: tuple[ActionInfo, ...]) -> str:
    parts = [info.type + (", several values" if info.multivalued else "")]
    if info.iam_only:
        parts.append("works in IAM policies only")
    if info.deprecated_for:
        parts.append(f"use {info.deprecated_for}")
    if actions and info.name.startswith("kms:"):
        carriers = _carriers(info, actions)
        if len(carriers) == len(actions):
            parts.append("every action here carries it")
        else:
            parts.append(
                f"carried by {', '.join(carriers)}" if carriers else "no action here carries it"
            )
    return " · ".join(parts)


def _members(text: str, offset: int) -> dict[str, list[str]]:
    """The members of the object that opens at `offset`, however unfinished, and their strings."""
    depth = 0
    previous = ""
    found: dict[str, list[str]] = {}
    strings: list[str] = []
    for _, lexeme in tokens_forth(text, offset):
        if lexeme in ("{", "["):
            depth += 1
        elif lexeme in ("}", "]"):
            depth -= 1
            if depth <= 0:
                break
        elif lexeme == ":" and depth == 1 and previous[:1] == '"':
            name = unquoted(previous)
            if strings and strings[-1] == name:
                # It was the next member's name, not a value.
                strings.pop()
            strings = found.setdefault(name, [])
        elif lexeme[0] == '"':
            strings.append(unquoted(lexeme))
        previous = lexeme
    return found
