"""Which keys KMS creates, with which policies, and what of a person's wish it would refuse.

CreateKey takes a policy, so a key need never stand under another one. A template whose fields
are not all known here is left to the editor, where each field is filled in sight of the linter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Arn, Caller, Key, KeyCreation
from kmstui.policy.authoring import Template, fields_of, fill, unsuitable, whole_policy
from kmstui.policy.evaluation import NOTHING_READ, can_still_administer
from kmstui.policy.iam import Context, Principal
from kmstui.policy.lint import KeyContext, Severity, lint
from kmstui.service.access import caller_principal, own_request
from kmstui.service.editing import facts_for
from kmstui.service.keys.aliases import alias_problem, full_name
from kmstui.service.keys.allowed import description_problem
from kmstui.service.keys.wrapping import algorithms_for
from kmstui.service.session import Session
from kmstui.service.tags import MOST_TAGS, tag_problems

POLICY_BYTES = 32_768
"""Source: KMS Developer Guide, "Resource quotas": key policy document size."""

_RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
_NIST = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521")

SPECS: Mapping[str, tuple[str, ...]] = {
    "ENCRYPT_DECRYPT": ("SYMMETRIC_DEFAULT", *_RSA),
    "SIGN_VERIFY": (
        *_RSA, *_NIST, "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519",
        "ML_DSA_44", "ML_DSA_65", "ML_DSA_87",
    ),
    "GENERATE_VERIFY_MAC": ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"),
    "KEY_AGREEMENT": _NIST,
    "ENCAPSULATE_DECAPSULATE": ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"),
}  # fmt: skip
"""Key specs by key usage, the usual one first. Source: KMS API Reference, CreateKey: KeySpec."""

_SM2_USAGES = ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT")


def specs_for(usage: str, partition: str = "aws") -> tuple[str, ...]:
    """The key specs of a key usage in a partition.

    SM2 exists in the China Regions only, ML-KEM everywhere else (KMS API Reference, CreateKey).
    """
    specs = SPECS.get(usage, ())
    if partition != "aws-cn":
        return specs
    if usage == "ENCAPSULATE_DECAPSULATE":
        return ()
    return (*specs, "SM2") if usage in _SM2_USAGES else specs


def key_creation_problem(session: Session, creation: KeyCreation, alias: str) -> str:
    """Why the key or its alias would be refused, as a sentence; empty when neither would."""
    partition = session.info.partition if session.info else "aws"
    if creation.spec not in specs_for(creation.usage, partition):
        return f"KMS does not create keys of spec {creation.spec} for {creation.usage}."
    if problem := _origin_problem(creation) or description_problem(creation.description):
        return problem
    if alias and (problem := alias_problem(alias)):
        return problem
    store = session.store
    if alias and (existing := store.aliases.get(session.handle(full_name(alias)))) is not None:
        return f"{existing.bare_name} exists already and names {store.name_of(existing.key_id)}."
    if len(creation.tags) > MOST_TAGS:
        return f"A key can have {MOST_TAGS} tags, not {len(creation.tags)}."
    for tag in creation.tags:
        for problem in tag_problems(tag):
            return problem
    size = len((creation.policy or "").encode())
    if size > POLICY_BYTES:
        return f"The policy has {size:,} bytes, and a key policy can have {POLICY_BYTES:,}."
    return ""


def _origin_problem(creation: KeyCreation) -> str:
    """Why KMS has no such key of this origin. Source: KMS API Reference, CreateKey: Origin."""
    if creation.origin == "EXTERNAL" and not algorithms_for(creation.spec):
        return f"KMS imports no key material of {creation.spec}."
    if not creation.custom_key_store_id:
        return ""
    if creation.spec != "SYMMETRIC_DEFAULT":
        return "Custom key stores have symmetric encryption keys only: SYMMETRIC_DEFAULT."
    if creation.multi_region:
        return "Keys of a custom key store are of a single Region."
    if creation.origin == "EXTERNAL_KEY_STORE":
        if not creation.external_key_id:
            return "Name the external key that shall be its material."
        if not _EXTERNAL_KEY_ID.fullmatch(creation.external_key_id):
            return "The ID of an external key has at most 128 letters, digits and - _ . only."
    return ""


_EXTERNAL_KEY_ID = re.compile(r"[a-zA-Z0-9._-]{1,128}")

_NO_ID = "00000000-0000-0000-0000-000000000000"
"""Stands for the ID that KMS has not given yet; no template writes it."""


@dataclass(frozen=True, slots=True)
class CreationPolicy:
    """One policy to choose."""

    id: str
    title: str
    does: str
    text: str | None
    """None lets KMS write its default policy."""
    off: str = ""
    """Why it cannot be chosen here, as a sentence."""


DEFAULT = CreationPolicy(
    "default",
    "KMS's default",
    "The account's IAM policies decide who may use and administer the key.",
    None,
)


def creation_policies(
    session: Session, creation: KeyCreation, templates: Sequence[Template]
) -> tuple[CreationPolicy, ...]:
    """The default, then each template as it would be for this key, judged as it is now.

    `session` is over the connection on which the key is to be created.
    """
    request = own_request(session.caller, session.info, session.clock, NOTHING_READ)
    return (DEFAULT, *_from_templates(session, creation, templates, request))


def _from_templates(
    session: Session, creation: KeyCreation, templates: Sequence[Template], request: Context
) -> Iterator[CreationPolicy]:
    caller, info = session.caller, session.info
    account = caller.account if caller else ""
    region = info.region if info else ""
    partition = info.partition if info else "aws"
    key = Key.of(_NO_ID, f"arn:{partition}:kms:{region}:{account}:key/{_NO_ID}")
    arn = Arn.parse(key.arn)
    context = KeyContext(
        arn=arn,
        usage=creation.usage,
        spec=creation.spec,
        multi_region=creation.multi_region,
        caller=Arn.maybe(caller.arn) if caller else None,
    )
    known = facts_for(key, caller, info, session.store.contexts)
    facts = replace(known, usage=creation.usage, spec=creation.spec)
    for template in templates:
        if template.id == "aws.default":
            continue
        text = whole_policy(template, facts)
        off = (
            unsuitable(template, facts)
            or _not_known(fields_of(fill(template, facts)))
            or _refused(text, context)
            or _locks_out(text, caller, arn, request)
        )
        yield CreationPolicy(template.id, template.title, template.does, text, off)


def _not_known(fields: Sequence[str]) -> str:
    if not fields:
        return ""
    names = ", ".join(fields)
    return f"It needs {names}: create the key, and take the template in its editor (e, Ctrl-t)."


def _refused(text: str, context: KeyContext) -> str:
    for finding in lint(text, context):
        if finding.severity is Severity.ERROR:
            return f"{finding.rule}: {finding.message}"
    return ""


def _locks_out(text: str, asking: Caller | None, arn: Arn, request: Context) -> str:
    caller = Principal.maybe(caller_principal(asking)) if asking else None
    if caller is None:
        return "Who you are is not known, so nobody can say whether you would be locked out."
    verdict = can_still_administer(text, caller, arn, None, context=request)
    if verdict.orphans_key or verdict.locks_caller_out:
        return f"You could not change the policy afterwards. {verdict.reason}"
    return ""
