"""A file by its name and text to the key policies in it, each as the JSON that AWS will get."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kmstui.policy.infrastructure.cloudformation import Functions
from kmstui.policy.infrastructure.languages import Language, language_of, may_hold_policies
from kmstui.policy.infrastructure.rendering import Rendered, render
from kmstui.policy.infrastructure.resources import ENDPOINT, Held, policies_of
from kmstui.policy.infrastructure.values import Constant, InfrastructureError, Text
from kmstui.policy.syntax import ObjectNode, parse

if TYPE_CHECKING:
    from kmstui.model import Arn
    from kmstui.policy.infrastructure.values import Value


class Embedded(NamedTuple):
    """A policy that a file holds."""

    name: str
    """Of its resource; empty where the policy is all there is."""
    rendered: Rendered
    of_endpoint: bool
    """Whether it is the policy of a VPC endpoint, not of a key."""
    is_json: bool
    """Whether the file holds the JSON itself, in a string."""
    usage: str
    """KeyUsage, where the file tells."""
    spec: str
    """KeySpec, where the file tells."""
    partial: bool
    """Whether other statements may come to it from elsewhere."""


class Found(NamedTuple):
    """What a file holds."""

    policies: tuple[Embedded, ...]
    elsewhere: tuple[str, ...]
    """Sentences about policies that are told by another file, or only when it is deployed."""


def policies_in(
    name: str,
    text: str,
    *,
    arn: Arn | None = None,
    beside: Callable[[], Iterable[str]] = tuple,
) -> Found | None:
    """The policies that a file holds; None where the file is one itself, or nothing of the kind.

    Args:
        name: The file's name, whose end tells the language.
        text: What it holds.
        arn: The key, if known: its account and Region are then those of the deployment.
        beside: The other Terraform files of the folder, read where they tell what is for a key.

    Raises:
        InfrastructureError: it cannot be read as what its name says.
    """
    language = language_of(name, text)
    if not may_hold_policies(name, text):
        return None if language is Language.JSON else Found((), ())
    if language is Language.JSON:
        held = _of_json(text, arn)
        if held is None:
            return None
    elif language is Language.YAML:
        held = _of_yaml(text, arn)
    else:
        held = _of_terraform(text, arn, beside)
    policies, elsewhere = [], []
    for each in held:
        if _says_nothing(each.policy):
            continue
        label = each.name or "this"
        if isinstance(each.policy, Text) and "{" not in _without_placeholders(each.policy):
            what = each.policy.text.removeprefix("${").removesuffix("}")
            elsewhere.append(
                f"the policy of {label} is {what}, which this file does not tell; it is not linted"
            )
            continue
        try:
            policies.append(_embedded(each))
        except InfrastructureError as error:
            raise InfrastructureError(f"the policy of {label} is none: {error}") from None
    return Found(tuple(policies), tuple(elsewhere))


def _says_nothing(policy: Value) -> bool:
    """Whether a policy is left to its default: the attribute is there, without a value."""
    if isinstance(policy, Constant):
        return policy.value is None
    return isinstance(policy, Text) and not policy.text.strip()


def _without_placeholders(text: Text) -> str:
    return "".join(each.text for each in text.pieces if not each.text.startswith("${"))


def _embedded(held: Held) -> Embedded:
    usage, spec = held.known_of_key()
    return Embedded(
        held.name,
        render(held.policy),
        of_endpoint=held.kind == ENDPOINT,
        is_json=isinstance(held.policy, Text),
        usage=usage,
        spec=spec,
        partial=held.partial,
    )


def _of_json(text: str, arn: Arn | None) -> Iterable[Held] | None:
    """Those of a template; None where the file is no template."""
    document = parse(text)
    root = document.root
    if not isinstance(root, ObjectNode) or root.get("Statement") is not None:
        return None
    if not any(root.get(each) is not None for each in ("Resources", "resource", "resources")):
        return None
    from kmstui.policy.infrastructure.json_files import value_of

    value = value_of(document)
    if value is None:
        problem = document.problems[0]
        line, column = document.location(problem.span.start)
        raise InfrastructureError(
            f"this is not a template: {problem.message} (line {line + 1}, column {column + 1})"
        )
    return _resolved([value], arn)


def _of_yaml(text: str, arn: Arn | None) -> Iterable[Held]:
    from kmstui.policy.infrastructure.yaml_files import values_of

    return _resolved(values_of(text), arn)


def _resolved(roots: Iterable[Value], arn: Arn | None) -> Iterator[Held]:
    functions = Functions(arn)
    for root in roots:
        for held in policies_of(root):
            try:
                yield held._replace(policy=functions.resolve(held.policy))
            except RecursionError:
                raise InfrastructureError("it is nested deeper than any policy") from None


def _of_terraform(
    text: str, arn: Arn | None, beside: Callable[[], Iterable[str]]
) -> Iterable[Held]:
    from kmstui.policy.infrastructure.policy_documents import policies_of_terraform
    from kmstui.policy.infrastructure.terraform import TerraformFile

    def others() -> Iterator[TerraformFile]:
        for each in beside():
            try:
                yield TerraformFile(each, arn)
            except InfrastructureError:
                # What is wrong there is told when that file is linted.
                continue

    try:
        return list(policies_of_terraform(TerraformFile(text, arn), others()))
    except RecursionError:
        raise InfrastructureError("it is nested deeper than any policy") from None
