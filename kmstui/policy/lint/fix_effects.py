"""What a fix does to access: both texts are held against each other by the access diff.

No list says which rules change access. A fix is neutral where nobody gains or loses anything by
it, whichever key the policy may be for and whatever its placeholders are filled in with; what
could not be worked out counts as a change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from zlib import crc32

from kmstui.model import Arn
from kmstui.policy.access import AccessChange, access_diff
from kmstui.policy.iam import accounts, knowledge, resource_match, wildcard_match
from kmstui.policy.lint.core import KeyContext, Subject
from kmstui.policy.lint.facts.filling import filled
from kmstui.policy.lint.facts.statements import STAND_IN, home_account, partition
from kmstui.policy.lint.facts.values import (
    ACCOUNT,
    REGION,
    SOME_ACCOUNT,
    Form,
    Placeholder,
    find_placeholders,
    read_principal,
)
from kmstui.policy.lint.facts.wrapped import without_wrapping
from kmstui.policy.lint.fixes import plain_value
from kmstui.policy.syntax import Document, Policy, Statement, parse, read_policy

MOST_CHARACTERS = 2 * 32_768
"""A key policy has 32,768 bytes at most (KMS Developer Guide, "Key policies")."""
MOST_KEYS = 8
"""Keys that a policy is tried for where it is not known which it is for."""


@dataclass(frozen=True, slots=True)
class FixEffect:
    """Who gains and who loses what by a change of a policy's text."""

    changes: tuple[AccessChange, ...] = ()
    unknown: str = ""
    """Why more may change than `changes` tell, as a sentence; empty where these are all."""

    def __bool__(self) -> bool:
        """Whether access changes, or may."""
        return bool(self.changes or self.unknown)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The effect in words; one sentence where there is none."""
        told = (*(change.sentence for change in self.changes), *filter(None, (self.unknown,)))
        return told or ("Nobody gains or loses anything.",)


NO_EFFECT = FixEffect()
Policies = tuple[Policy, Policy]
"""Before and after."""


def fix_effect(before: str, after: str, key: KeyContext) -> FixEffect:
    """What a change of a policy's text does to access, by the parts of both that can be read."""
    before = without_wrapping(_parsed(before))
    new = _with_one_changed(_read(before), after)
    if reads_the_same(before, after) if new is None else new is _read(before):
        return NO_EFFECT
    if max(len(before), len(after)) > MOST_CHARACTERS:
        return FixEffect(unknown="The text is too long for a key policy to be worked through.")
    whole = _read(before), _read(after) if new is None else new
    arns = possible_keys(whole, key)
    policies = _concerned(*whole)
    found = _first_change(policies, arns)
    if found or not any(map(_has_placeholders, whole)):
        return found
    made_up = _made_up(whole[0], arns[0]), _made_up(whole[1], arns[0])
    if _first_change(made_up, arns):
        return FixEffect(unknown="Access changes once the placeholders are filled in.")
    return found


@lru_cache(maxsize=2)
def _parsed(text: str) -> Document:
    """The text as parsed: of a hundred fixes, most are asked about from the same one."""
    return parse(text)


@lru_cache(maxsize=2)
def _read(text: str) -> Policy:
    return read_policy(_parsed(text))


def _with_one_changed(old: Policy, after: str) -> Policy | None:
    """The policy of a text in which one statement differs, if that is so, by reading it alone.

    `old` itself where it reads the same. To parse a long text takes longer than to compare it.
    """
    before = old.document.text
    if old.document.problems or old.document.repeated:
        return None
    start, end = _common_start(before, after), _common_start(before[::-1], after[::-1])
    for at, statement in enumerate(old.statements):
        first, last = statement.node.span.start, statement.node.span.end
        if first < start and end > (behind := len(before) - last):
            text = after[first : len(after) - behind]
            head = f"{'':{max(0, first - len(_HEAD))}}{_HEAD}"
            alone = parse(f"{head}{text}]}}")
            changed = read_policy(alone).statements
            if alone.problems or alone.repeated or len(changed) != 1:
                return None
            if plain_value(changed[0].node) == plain_value(statement.node):
                return old
            others = old.statements[:at], old.statements[at + 1 :]
            one = replace(changed[0], index=statement.index)
            return replace(old, statements=(*others[0], one, *others[1]))
    return None


_HEAD = '{"Statement":['


def _common_start(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


@lru_cache(maxsize=2)
def _plain(text: str) -> object:
    root = _parsed(text).root
    return None if root is None else plain_value(root)


def reads_the_same(before: str, after: str) -> bool:
    """Whether both are the same but for their layout, and for JSON mistakes mended as read."""
    old, new = _parsed(before), _parsed(after)
    if old.root is None or new.root is None:
        return False
    try:
        return bool(_plain(before) == _plain(after))
    except RecursionError:
        # Nested deeper than any policy: nothing is known of it.
        return False


def _concerned(old: Policy, new: Policy) -> Policies:
    """Both without the statements that are about nobody whom a changed statement is about.

    Those give the same before and after to whoever they name, and are most of a long policy.
    """
    if old.version != new.version:
        return old, new
    said = [{each.meaning for each in policy.statements} for policy in (old, new)]
    both = said[0] & said[1]
    changed = [
        _identities(each)
        for policy in (old, new)
        for each in policy.statements
        if each.meaning not in both
    ]
    if not all(changed):
        return old, new
    about = frozenset[str]().union(*changed)

    def kept(policy: Policy) -> Policy:
        return replace(
            policy,
            statements=tuple(
                each
                for each in policy.statements
                if not (names := _identities(each)) or not names.isdisjoint(about)
            ),
        )

    return kept(old), kept(new)


def _identities(statement: Statement) -> frozenset[str]:
    """The services, roles and users that a statement is about, without their paths.

    Empty where it is about others too, or may be: accounts, sessions, everybody.
    """
    found: set[str] = set()
    for entry in statement.principals:
        if entry.type == "Service" and entry.value.value != "*":
            found.add(entry.value.value)
            continue
        arn = Arn.maybe(entry.value.value)
        of_iam = entry.type == "AWS" and arn is not None and arn.service == "iam"
        if not of_iam or read_principal(entry.value.value).form is not Form.IDENTITY:
            return frozenset()
        found.add(entry.value.value.rpartition("/")[2])
    return frozenset() if statement.not_principals else frozenset(found)


def _first_change(policies: Policies, arns: tuple[Arn, ...]) -> FixEffect:
    """What changes for the first of some keys for which anything does."""
    later = _about_later_actions(policies[0]), _about_later_actions(policies[1])
    for arn in arns[:MOST_KEYS]:
        diff = access_diff(*policies, str(arn))
        found = FixEffect(diff.changes, diff.left_open)
        if found:
            return found
        of_later = access_diff(*later, str(arn))
        if of_later or not of_later.complete:
            told = "; ".join(f"{each.who} {each.verb}" for each in of_later.changes)
            return FixEffect(unknown=f"Of actions that KMS adds later: {told or 'not known'}.")
    if len(arns) > MOST_KEYS:
        return FixEffect(unknown="Which of many keys and accounts it is for is not known.")
    return NO_EFFECT


_LATER_ACTION = "kms:=later="
"""Stands for all actions that KMS adds later: `kms:*` allows them, the list of today does not."""


def _about_later_actions(policy: Policy) -> Policy:
    """The statements that cover such an action, all of an action of today instead."""
    return replace(
        policy,
        statements=tuple(
            replace(each, actions=(nodes[0]._replace(value="kms:Decrypt"),), not_actions=())
            for each in policy.statements
            if (nodes := each.actions or each.not_actions)
            and bool(each.actions)
            == any(wildcard_match(node.value, _LATER_ACTION, ignore_case=True) for node in nodes)
        ),
    )


# Which key a policy is for


def possible_keys(policies: Policies, key: KeyContext) -> tuple[Arn, ...]:
    """The key that a policy is for, or all that it may be for as its own words tell.

    Where neither the key nor whoever puts the policy is known, nor the policy says by itself whose
    the key is, it may be of each account that is named, or of a stand-in that is not. It may be
    each key that a Resource names.
    """
    if key.arn is not None:
        return (key.arn,)
    first = Subject(policies[0].document, policies[0], key, knowledge())
    home = home_account(first)
    owners = [home] if home else [*accounts(policies[0]), *accounts(policies[1]), STAND_IN]
    # No Region: a condition on aws:RequestedRegion must not be held against one made up.
    found = dict.fromkeys(Arn(partition(first), "kms", "", each, "key/any") for each in owners)
    for policy in policies:
        for value in _resources(policy):
            if not any(resource_match(value, str(each)) for each in found):
                found.update(dict.fromkeys(_key_like(value, owners[0])))
    return tuple(found)


def accounts_in_question(text: str, key: KeyContext) -> tuple[str, ...]:
    """The accounts of which the key may be; one where that is known or can be told.

    The last of several is a stand-in for an account that the policy does not name.
    """
    policy = read_policy(parse(text))
    return tuple(dict.fromkeys(arn.account for arn in possible_keys((policy, policy), key)))


def _resources(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        for node in (*statement.resources, *statement.not_resources):
            if not find_placeholders(node.value):
                yield node.value


def _key_like(value: str, owner: str) -> Iterator[Arn]:
    """A key that meets a Resource pattern; none where it is no pattern of keys."""
    arn = Arn.maybe(value)
    if arn is not None and wildcard_match(arn.service, "kms"):
        account = owner if arn.account == "*" else arn.account
        parts = ("aws" if arn.partition == "*" else arn.partition, "kms", arn.region, account)
        yield Arn(*(part.replace("*", "1").replace("?", "1") for part in (*parts, arn.resource)))


# Placeholders


def _has_placeholders(policy: Policy) -> bool:
    """Whether a policy has any where one may decide about access."""
    texts: list[str] = []

    def note(value: str) -> str:
        texts.append(value)
        return value

    filled(policy, note)
    return any(map(find_placeholders, texts))


def _made_up(policy: Policy, arn: Arn) -> Policy:
    """The policy as it may be once each placeholder is filled in, always with the same."""

    def fill(value: str) -> str:
        for found in reversed(find_placeholders(value)):
            value = value[: found.start] + _stand_in(found, arn) + value[found.end :]
        return value

    def fill_principal(value: str) -> str:
        text = fill(value)
        if text == value or read_principal(text).form in _READABLE:
            return text
        return f"arn:{arn.partition}:iam::{arn.account}:role/filled-{crc32(value.encode()):x}"

    def fill_resource(value: str) -> str:
        return "*" if find_placeholders(value) else value

    return filled(policy, fill, principal=fill_principal, resource=fill_resource)


_READABLE = (Form.EVERYBODY, Form.ACCOUNT_ID, Form.ROOT, Form.IDENTITY, Form.USER_NAMED_ROOT)


def _stand_in(found: Placeholder, arn: Arn) -> str:
    number = crc32(found.text.encode())
    return {
        ACCOUNT: arn.account,
        SOME_ACCOUNT: f"{number:012}",
        REGION: arn.region or "us-east-1",
    }.get(found.stands_for, f"filled-{number:x}")
