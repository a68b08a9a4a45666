"""The policies that a key can be created with: KMS's default, or one of the templates.

CreateKey takes a policy, so a key need never stand under another one. A template whose fields
are not all known here is left to the editor, where each field is filled in sight of the linter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Arn, Key, KeyCreation
from kmstui.policy.authoring import Template, fields_of, fill, unsuitable, whole_policy
from kmstui.policy.evaluation import can_still_administer
from kmstui.policy.lint import KeyContext, Severity, lint
from kmstui.service.access import caller_principal
from kmstui.service.editing import facts_for
from kmstui.service.inventory import Store

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
    store: Store, creation: KeyCreation, templates: Sequence[Template]
) -> tuple[CreationPolicy, ...]:
    """The default, then each template as it would be for this key."""
    account = store.caller.account if store.caller else ""
    return (DEFAULT, *_from_templates(store, creation, templates, account))


def _from_templates(
    store: Store, creation: KeyCreation, templates: Sequence[Template], account: str
) -> Iterator[CreationPolicy]:
    region = store.info.region if store.info else ""
    partition = store.info.partition if store.info else "aws"
    key = Key.of(_NO_ID, f"arn:{partition}:kms:{region}:{account}:key/{_NO_ID}")
    arn = Arn.parse(key.arn)
    context = KeyContext(
        arn=arn,
        usage=creation.usage,
        spec=creation.spec,
        multi_region=creation.multi_region,
        caller=Arn.maybe(store.caller.arn) if store.caller else None,
    )
    known = facts_for(key, store.caller, store.info, store.contexts)
    facts = replace(known, usage=creation.usage, spec=creation.spec)
    for template in templates:
        if template.id == "aws.default":
            continue
        text = whole_policy(template, facts)
        off = (
            unsuitable(template, facts)
            or _not_known(fields_of(fill(template, facts)))
            or _refused(text, context)
            or _locks_out(text, store, arn)
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


def _locks_out(text: str, store: Store, arn: Arn) -> str:
    caller = Arn.maybe(caller_principal(store.caller)) if store.caller else None
    if caller is None:
        return "Who you are is not known, so nobody can say whether you would be locked out."
    verdict = can_still_administer(text, caller, arn, None)
    if verdict.orphans_key or verdict.locks_caller_out:
        return f"You could not change the policy afterwards. {verdict.reason}"
    return ""
