"""What `can` knows of a question: the key, who asks, and the policies of files or of AWS."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kmstui.model import Arn, KeyMetadata
from kmstui.policy.evaluation import (
    CompiledPolicy,
    On,
    Others,
    Policies,
    compile_identity_policy,
    needs_of,
)
from kmstui.policy.iam import Principal, PrincipalKind, account_of, brought_to_role
from kmstui.scripting.command import CommandError
from kmstui.scripting.control_policies import given_chain, require_session
from kmstui.scripting.parser import target_of
from kmstui.scripting.policy_files import KEY_POLICY, names_nobody, policy_in

if TYPE_CHECKING:
    from kmstui.scripting.live_source import LiveSource

_WITH_POLICIES = (PrincipalKind.USER, PrincipalKind.ROLE, PrincipalKind.SESSION)
_ON_BOTH = frozenset({"kms:ReEncryptFrom", "kms:ReEncryptTo"})
"""Asked about together, each is the other's half, on one and the same key."""


def add_policy_options(parser: argparse.ArgumentParser) -> None:
    """Add what names policies, and what an operation is about besides the key."""
    add = parser.add_argument
    add("--policy", metavar="FILE", help="judge this key policy instead of the stored one")
    add("--key-arn", metavar="ARN", help="the key that --policy is for")
    add("--alias", metavar="NAME", help="the alias that is created, changed or deleted")
    add(
        "--other-key",
        metavar="KEY",
        help="the other key: that which the alias names now, to which ReEncrypt goes (or from"
        " which it comes), or the replica that shall be primary",
    )
    add("--other-policy", metavar="FILE", help="judge this policy of the other key (give its ARN)")
    add("--replica-region", metavar="REGION", help="the Region to which a key is replicated")
    own = parser.add_mutually_exclusive_group()
    own.add_argument(
        "--identity-policy",
        metavar="FILE",
        action="append",
        default=[],
        help="an IAM policy of the principal; may be repeated",
    )
    own.add_argument(
        "--no-identity-policies", action="store_true", help="the principal has no IAM policy"
    )
    add(
        "--session-policy",
        metavar="FILE",
        action="append",
        default=[],
        help="a session policy; may be repeated",
    )
    add("--permissions-boundary", metavar="FILE", help="the principal's permissions boundary")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, about which key, and what bears on that."""

    principal: Principal
    key_arn: str
    policies: Policies
    metadata: KeyMetadata | None = None
    """Of a live key."""


class PolicyReader:
    """Reads what the options name, from files or from AWS."""

    def __init__(
        self,
        options: argparse.Namespace,
        source: Callable[[], LiveSource],
        endpoint: str | None,
    ) -> None:
        self._options = options
        self._source = source
        self._endpoint = endpoint

    def asked(self, principal: Principal) -> Asked:
        """The key, and the principal as far as its account tells of it.

        Raises:
            CommandError: a file or an ARN is wrong, or there is no such role or user.
            ServiceError: the key's policy cannot be read.
        """
        options = self._options
        if options.policy is None:
            return self._live(options.key, principal)
        key_arn = options.key_arn or options.key or ""
        _require_key(key_arn, "--policy needs --key-arn with the ARN of the key that the policy is")
        return self._with_files(
            principal, key_arn, Policies.of_key(policy_in(options.policy, KEY_POLICY))
        )

    def others(self, asked: Asked, actions: Iterable[str]) -> Mapping[str, Others]:
        """What each of the operations is about besides the key, as far as it is given.

        Raises:
            CommandError: a file or an ARN is wrong.
            ServiceError: the policy of the other key cannot be read.
        """
        actions = tuple(actions)
        wanted = {need.on for action in actions for need in needs_of(action)}
        alias = self._alias(asked, actions) if On.ALIAS in wanted else ""
        other = self._other(asked, alias, actions) if On.OTHER_KEY in wanted else None
        given = Others(
            alias=alias,
            key=other.key_arn if other else "",
            policies=other.policies if other else None,
            region=self._options.replica_region or "",
        )
        found = dict.fromkeys(actions, given)
        if other is None and _ON_BOTH.issubset(actions):
            same = replace(given, key=asked.key_arn, policies=asked.policies)
            found |= dict.fromkeys(_ON_BOTH, same)
        return found

    def _alias(self, asked: Asked, actions: tuple[str, ...]) -> str:
        name = self._options.alias or ""
        named = self._options.key or ""
        if not name and actions == ("kms:DeleteAlias",) and named.startswith("alias/"):
            name = named  # the key is named by the alias that goes
        key = Arn.maybe(asked.key_arn)
        if not name or Arn.maybe(name) is not None or key is None:
            return name
        return str(replace(key, resource=f"alias/{name.removeprefix('alias/')}"))

    def _other(self, asked: Asked, alias: str, actions: tuple[str, ...]) -> Asked | None:
        options = self._options
        name = options.other_key or ""
        if options.other_policy is not None:
            _require_key(
                name, "--other-policy needs --other-key with the ARN of the key that it is"
            )
            policies = Policies.of_key(policy_in(options.other_policy, KEY_POLICY))
            return self._with_files(asked.principal, name, policies)
        if name and name == asked.key_arn:
            return asked
        if options.policy is None and not name and actions == ("kms:UpdateAlias",):
            name = alias  # the key that it names now
        if not name:
            return None
        if options.policy is not None:
            raise CommandError("--other-key needs --other-policy where --policy is a file.")
        return self._live(name, asked.principal)

    def _live(self, key: str, principal: Principal) -> Asked:
        who = principal.role_arn or principal.name
        access = self._source().key_access(
            target_of(self._options), key, who, endpoint=self._endpoint
        )
        policies = replace(Policies.of_key(access.policy, access.grants), chain=access.chain)
        identity = access.identity
        if access.is_missing and principal.kind in _WITH_POLICIES:
            self._require_policies(principal)
        if identity is not None and account_of(identity.arn) == principal.account:
            policies = policies.with_identity(identity)
            principal = _as_read(principal, identity.arn)
        asked = self._with_files(principal, access.key_arn, policies)
        return replace(asked, metadata=access.metadata)

    def _require_policies(self, principal: Principal) -> None:
        options = self._options
        if not (options.identity_policy or options.no_identity_policies):
            resource = Principal.parse(principal.role_arn or principal.name).short
            raise CommandError(
                f"{resource} does not exist in the account {principal.account}, so nobody can ask"
                " as it. For one that is still to be made, give its policies by --identity-policy,"
                " or say --no-identity-policies."
            )

    def _with_files(self, principal: Principal, key_arn: str, policies: Policies) -> Asked:
        """With the policies that files replace."""
        key = Arn.maybe(key_arn)
        if key is not None and self._options.principal == principal.account:
            principal = Principal.parse(principal.account, partition=key.partition)
        principal = brought_to_role(principal, (policies.key.policy,))
        options = self._options
        if options.identity_policy or options.no_identity_policies:
            identity = tuple(_compiled("identity policy", name) for name in options.identity_policy)
            policies = replace(policies, identity=identity, identity_incomplete="")
        if options.permissions_boundary is not None:
            boundary = _compiled("permissions boundary", options.permissions_boundary)
            policies = replace(policies, boundary=boundary)
        if options.session_policy:
            require_session(principal)
            session = tuple(_compiled("session policy", name) for name in options.session_policy)
            policies = replace(policies, session=session)
        chain = given_chain(policies.chain, options, principal.account)
        return Asked(principal, key_arn, replace(policies, chain=chain))


def _as_read(principal: Principal, arn: str) -> Principal:
    """The principal with its path, which people leave out and a session does not tell."""
    if principal.kind is PrincipalKind.SESSION:
        return principal.with_role(arn)
    return Principal.parse(arn) if principal.kind in _WITH_POLICIES else principal


def _require_key(arn: str, otherwise: str) -> None:
    parsed = Arn.maybe(arn)
    if parsed is None or parsed.service != "kms" or parsed.resource_type != "key":
        raise CommandError(
            f"{otherwise} for, such as"
            " arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab."
        )


def _compiled(kind: str, name: str) -> CompiledPolicy:
    check = names_nobody(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}")
    return compile_identity_policy(policy_in(name, check), f"{kind} {name}")
