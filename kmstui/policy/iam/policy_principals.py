"""Who occurs in a policy, and who stands for everybody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from kmstui.model import Arn
from kmstui.policy.iam.match_value import arn_match, has_wildcard
from kmstui.policy.iam.principals import Principal, PrincipalKind
from kmstui.policy.syntax import Policy, scalar_text

_ARN_KEYS = frozenset({"aws:principalarn"})
_ACCOUNT_KEYS = frozenset({"aws:principalaccount", "kms:calleraccount"})
_USER_KEYS = frozenset({"aws:username", "aws:principaltype", "aws:userid"})
"""Keys by which a policy can tell users from role sessions."""
_SSO_PATH = "aws-reserved/sso.amazonaws.com/"
MOST_PATHS = 100
"""How many paths of a role are asked about: with so many, there may be more."""
_MOST_PATTERNS = 24
"""Beyond so many patterns their overlaps are not searched pair by pair."""

OTHER_ACCOUNT = "000000000000"
"""Stands for an account that no policy names; AWS gives no account this number."""
_ANY_NAME = "=any="
"""Cannot be a role's name alone by AWS's own habits, so no policy names it by accident."""


def _values(policy: Policy, keys: frozenset[str]) -> list[str]:
    return [
        scalar_text(value)
        for statement in policy.statements
        for entry in statement.conditions
        if entry.key.value.lower() in keys
        for value in entry.values
    ]


def _listed(policy: Policy) -> list[str]:
    """What Principal and NotPrincipal elements list."""
    return [
        entry.value.value
        for statement in policy.statements
        for entry in (*statement.principals, *statement.not_principals)
    ]


def role_arns(policy: Policy) -> tuple[str, ...]:
    """Every role ARN that the policy writes out, in principals and conditions."""
    found = dict.fromkeys((*_listed(policy), *_values(policy, _ARN_KEYS)))
    return tuple(text for text in found if _is_role(text))


def _is_role(text: str) -> bool:
    arn = Arn.maybe(text)
    is_role = arn is not None and arn.service == "iam" and arn.resource_type == "role"
    return is_role and not has_wildcard(text)


def brought_to_role(principal: Principal, policies: Iterable[Policy]) -> Principal:
    """A session with the ARN of its role, path included, where a policy writes it out.

    A session's ARN leaves the role's path out; the account and the name find the role, since
    role names are unique in an account (IAM User Guide, "IAM identifiers").
    """
    if principal.kind is not PrincipalKind.SESSION or principal.path_known:
        return principal
    for policy in policies:
        for role_arn in role_arns(policy):
            role = Principal.parse(role_arn)
            if role.role_key == principal.role_key:
                return principal.with_role(role_arn)
    return principal


def possible_roles(
    principal: Principal, policies: Iterable[Policy], beside: Iterable[Policy] = ()
) -> tuple[Principal, ...]:
    """A session with each ARN that its role may have, as far as policies tell them apart.

    At most `MOST_PATHS` of them.

    A role that a Principal element names exists, since KMS refuses any other, and names of roles
    are unique in an account. A role that is only compared with may be in any path, but for those of
    IAM Identity Center, which are in paths of their own (IAM Identity Center User Guide,
    "Referencing permission sets in resource policies, Amazon EKS cluster config maps, and AWS KMS
    key policies").

    Args:
        principal: The session; anybody else, and a role whose path is known, is returned alone.
        policies: Key policies.
        beside: Others that only compare: what their Principal elements list need not exist.
    """
    if principal.kind is not PrincipalKind.SESSION or principal.path_known:
        return (principal,)
    policies = tuple(policies)
    listed = dict.fromkeys(text for policy in policies for text in _listed(policy))
    exist = [
        text
        for text in listed
        if _is_role(text) and Principal.parse(text).role_key == principal.role_key
    ]
    if exist:
        return tuple(map(principal.with_role, exist))
    beginning, _, name = principal.role_arn.partition(":role/")
    of_sso = name.startswith("AWSReservedSSO_")
    paths = dict.fromkeys(
        (_SSO_PATH, f"{_SSO_PATH}{_ANY_NAME}/") if of_sso else ("", f"{_ANY_NAME}/")
    )
    values = dict.fromkeys(
        value for policy in (*policies, *beside) for value in _values(policy, _ARN_KEYS)
    )
    for value in (*values, *_overlaps([each for each in values if has_wildcard(each)])):
        for path in _paths_in(value):
            if not of_sso or path.startswith(_SSO_PATH):
                paths.setdefault(path)
    return tuple(
        principal.with_role(f"{beginning}:role/{path}{name}") for path in list(paths)[:MOST_PATHS]
    )


def _paths_in(pattern: str) -> Iterator[str]:
    """Paths of roles that a pattern of aws:PrincipalArn may describe, ending where a `*` may."""
    _, of_roles, rest = pattern.partition(":role/")
    if not of_roles:
        # `*` may stand for what comes before a role's path, as in `*/team/*`.
        rest = "".join(pattern.partition("*")[1:])
    rest = rest.replace("?", "x")
    ends = [at for at, letter in enumerate(rest) if letter == "*"]
    begun = (f"{rest[:at]}*/" for at in ends)
    for path in ("".join(rest.rpartition("/")[:2]), *begun):
        yield path.replace("*", _ANY_NAME)


def named(policy: Policy, partition: str = "aws") -> tuple[Principal, ...]:
    """Every principal that the policy writes out, in Principal, NotPrincipal and conditions.

    An account that is written as a number is one of `partition`, and a name with a policy
    variable in it is nobody's.
    """
    values = (
        value
        for value in _values(policy, _ARN_KEYS)
        if not has_wildcard(value) and "${" not in value
    )
    texts = (*_listed(policy), *values)
    found = dict.fromkeys(Principal.maybe(text, partition) for text in texts)
    return tuple(each for each in found if each and each.kind is not PrincipalKind.ANONYMOUS)


def allows_everybody(policy: Policy) -> bool:
    """Whether a statement allows `*`, or all whom it does not list, under conditions or not."""
    return any(
        statement.effect == "Allow"
        and (
            bool(statement.not_principals)
            or any(entry.value.value == "*" for entry in statement.principals)
        )
        for statement in policy.statements
    )


def other_of(account: str, partition: str = "aws") -> Principal:
    """Stands for every principal of `account` that no policy names."""
    arn = f"arn:{partition}:iam::{account}:role/{_ANY_NAME}"
    label = (
        "any principal of another account"
        if account == OTHER_ACCOUNT
        else f"any other principal of {account}"
    )
    return Principal(PrincipalKind.ROLE, arn, account, role_arn=arn, label=label)


ANONYMOUS = Principal(PrincipalKind.ANONYMOUS, "*")
OTHER_SERVICE = Principal(PrincipalKind.SERVICE, "any-other.amazonaws.com", label="any AWS service")


def accounts(policy: Policy) -> tuple[str, ...]:
    """Every account that the policy names, by principals or by conditions."""
    found = {principal.account: None for principal in named(policy) if principal.account}
    for value in _values(policy, _ACCOUNT_KEYS):
        if len(value) == 12 and value.isdigit():
            found[value] = None
    return tuple(found)


def _example(pattern: str, account: str) -> Principal | None:
    """A principal that an ARN pattern describes and that stands for all of them."""
    parts = pattern.split(":", 5)
    if len(parts) != 6:
        return None
    partition, service, _, owner, resource = parts[1:]
    if has_wildcard(owner):
        owner = account
    if resource == "*":
        resource = f"role/{_ANY_NAME}"
    service = "iam" if has_wildcard(service) else service
    partition = "aws" if has_wildcard(partition) else partition
    filled = resource.replace("*", _ANY_NAME).replace("?", "=")
    found = Principal.maybe(f"arn:{partition}:{service}::{owner}:{filled}")
    if found is None or not arn_match(pattern, found.role_arn or found.name):
        return None
    return Principal(
        found.kind, found.name, found.account, found.role_arn, label=f"principals like {pattern}"
    )


def _overlaps(patterns: list[str]) -> list[str]:
    """Patterns that describe what two of `patterns` both describe."""
    found = []
    for one, two in combinations(patterns[:_MOST_PATTERNS], 2):
        for left, right in ((one, two), (two, one)):
            mixed = f"{left.partition('*')[0]}*{right.rpartition('*')[2]}"
            filled = mixed.replace("*", _ANY_NAME)
            if mixed not in (one, two) and arn_match(one, filled) and arn_match(two, filled):
                found.append(mixed)
    return found


def described(policy_values: Iterable[Policy], account: str) -> tuple[Principal, ...]:
    """Stand-ins for the principals that patterns of aws:PrincipalArn describe."""
    values = (value for policy in policy_values for value in _values(policy, _ARN_KEYS))
    patterns = list(dict.fromkeys(value for value in values if has_wildcard(value)))
    found: dict[Principal, None] = {}
    for pattern in (*patterns, *_overlaps(patterns)):
        owners = [account]
        if has_wildcard(pattern.split(":", 5)[4] if pattern.count(":") >= 5 else ""):
            owners.append(OTHER_ACCOUNT)
        for owner in owners:
            example = _example(pattern, owner)
            if example is not None:
                found[example] = None
    return tuple(found)


def everyone(
    policies: Iterable[Policy], account: str, partition: str = "aws"
) -> tuple[Principal, ...]:
    """Everybody to ask about: all who are named, and stand-ins for all who are not."""
    policies = tuple(policies)
    found: dict[Principal, None] = {}
    root = Principal.maybe(f"arn:{partition}:iam::{account}:root")
    if root is not None:
        found[root] = None
    for policy in policies:
        found.update(dict.fromkeys(named(policy, partition)))
    found.update(dict.fromkeys(described(policies, account)))
    owners: dict[str, None] = {} if root is None else {account: None}
    for policy in policies:
        owners.update(dict.fromkeys(accounts(policy)))
    found.update(dict.fromkeys(other_of(owner, partition) for owner in owners))
    found[other_of(OTHER_ACCOUNT, partition)] = None
    if any(_values(policy, _USER_KEYS) for policy in policies):
        arn = f"arn:{partition}:iam::{account}:user/{_ANY_NAME}"
        label = f"any other user of {account}"
        found[Principal(PrincipalKind.USER, arn, account, label=label)] = None
    if any("*" in _listed(each) for each in policies) or any(
        statement.not_principals for each in policies for statement in each.statements
    ):
        found[OTHER_SERVICE] = None
    found[ANONYMOUS] = None
    return tuple(_unique(found))


def _unique(principals: Iterable[Principal]) -> Iterable[Principal]:
    """The account written as digits and as its root ARN is one principal."""
    seen = set()
    for principal in principals:
        of_account = principal.kind is PrincipalKind.ROOT
        name = principal.account if of_account else principal.name
        key = (principal.kind, name, principal.label)
        if key not in seen:
            seen.add(key)
            yield principal
