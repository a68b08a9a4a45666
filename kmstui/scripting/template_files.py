"""`kmstui lint` of policies that stand inside other files: CloudFormation, Terraform, YAML."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO
from urllib.parse import quote

from kmstui.policy.lint import RULES
from kmstui.policy.syntax import Document, parse, read_policy
from kmstui.scripting.command import (
    MOST_BYTES,
    MOST_BYTES_OF_TEMPLATE,
    STDIN,
    CommandError,
    read_text,
    reason,
    rewrite,
    too_long,
)
from kmstui.scripting.fixes import tell_fixes, write_diff, write_fixed

if TYPE_CHECKING:
    from kmstui.model import Arn
    from kmstui.policy.infrastructure import Embedded
    from kmstui.policy.lint import Finding, Fixed, KeyContext, Severity


class PolicyFile(NamedTuple):
    """A file as it was read."""

    name: str
    """As it was named."""
    called: str
    """The name whose end tells the language."""
    text: str
    policies: tuple[Embedded, ...] | None
    """Those inside it; None where it is one itself."""
    elsewhere: tuple[str, ...]
    """What its policies are told by, where it does not tell them."""


def read_policy_file(
    name: str, stdin: TextIO, *, called: str, arn: Arn | None, choosy: bool
) -> PolicyFile:
    """Read a file, `-` for standard input; if `choosy`, what is no policy of a key holds none.

    Raises:
        CommandError: it cannot be read, or is not what its name says.
    """
    text = read_text(name, stdin, MOST_BYTES_OF_TEMPLATE)
    policies, elsewhere = _policies_in(called, text, arn)
    if choosy and policies is None and not is_key_policy(parse(text)):
        policies = ()
    elif choosy and policies is not None:
        policies = tuple(
            each for each in policies if each.name or is_key_policy(parse(each.rendered.text))
        )
    if policies is None and len(text.encode("utf-8")) > MOST_BYTES:
        raise too_long("standard input" if name == STDIN else name)
    return PolicyFile(name, called, text, policies, elsewhere)


def _policies_in(
    called: str, text: str, arn: Arn | None
) -> tuple[tuple[Embedded, ...] | None, tuple[str, ...]]:
    from kmstui.policy.infrastructure import Language, language_of, may_hold_policies

    if not may_hold_policies(called, text):
        return (None if language_of(called, text) is Language.JSON else ()), ()
    from kmstui.policy.infrastructure import InfrastructureError, policies_in

    try:
        found = policies_in(called, text, arn=arn, beside=lambda: _beside(Path(called)))
    except InfrastructureError as error:
        raise CommandError(f"{called} cannot be linted: {error}.") from None
    return (None, ()) if found is None else found


def _beside(path: Path) -> Iterator[str]:
    """The other Terraform files of a module, which is a folder; those that can be read."""
    from kmstui.policy.infrastructure import TERRAFORM_SUFFIXES

    try:
        others = sorted(each for each in path.parent.iterdir() if each.name != path.name)
    except OSError:
        return
    for other in others:
        if other.suffix in TERRAFORM_SUFFIXES:
            try:
                yield read_text(str(other), sys.stdin, MOST_BYTES_OF_TEMPLATE)
            except CommandError:
                continue


def is_key_policy(document: Document) -> bool:
    """Whether a text is the policy of a key, by what it says: it names somebody, and KMS's actions.

    Other policies, and files that are none, are what a repository has besides.
    """
    statements = read_policy(document).statements
    actions = [each.value for one in statements for each in (*one.actions, *one.not_actions)]
    names_somebody = any(
        one.node.get(name) is not None
        for one in statements
        for name in ("Principal", "NotPrincipal")
    )
    return names_somebody and any(
        each == "*" or each.lower().startswith("kms:") for each in actions
    )


def uri_of(path: Path) -> str:
    """Where tools find a file: relative to the repository that it is in, or to here.

    Code scanning takes the place of a finding so; a file of neither has its whole address.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 (a link is found under its own name)
    here = Path.cwd()
    roots = (each for each in (here, *here.parents) if (each / ".git").exists())
    for root in (*roots, here):
        if whole.is_relative_to(root):
            return quote(os.fsencode(whole.relative_to(root).as_posix()))
    return f"file://{quote(os.fsencode(whole.as_posix()))}"


class Repair(NamedTuple):
    """What a run of `--fix` or `--diff` is told."""

    disabled: Collection[str]
    severity: Severity
    named: Collection[str]
    """Rules whose fixes may change access."""
    only_shown: bool
    """Whether the change is shown and not written."""
    out: TextIO
    err: TextIO


def repaired(file: PolicyFile, key: KeyContext, repair: Repair) -> tuple[PolicyFile, bool]:
    """The file with the fixes of its policies written or shown, and whether they change anything.

    A fix is written where the file has the same characters as the policy, and where reading the
    file again proves that it says what the fix says.

    Raises:
        CommandError: the file cannot be written.
    """
    fixed = file
    for index in range(len(file.policies or ())):
        fixed = _with_policy_fixed(fixed, index, key, repair)
    changed = fixed.text != file.text
    if repair.only_shown:
        write_diff(file.name, file.text, fixed.text, repair.out)
    elif file.name == STDIN:
        write_fixed(fixed.text, repair.out)
    elif changed:
        try:
            rewrite(Path(file.name), fixed.text)
        except OSError as error:
            raise CommandError(f"{file.name} cannot be written: {reason(error)}.") from None
    return fixed, changed


def _with_policy_fixed(file: PolicyFile, index: int, key: KeyContext, repair: Repair) -> PolicyFile:
    from kmstui.policy.infrastructure import context_of, not_to_fix
    from kmstui.policy.lint import fix_all

    policy = (file.policies or ())[index]
    if policy.of_endpoint:
        return file
    key = context_of(policy, key)
    never = {*repair.disabled, *not_to_fix(policy)}

    def fix(left_out: Collection[str] = ()) -> Fixed:
        return fix_all(
            policy.rendered.text,
            key,
            disabled={*never, *left_out},
            severity=repair.severity,
            named=repair.named,
        )

    everything = fixed = fix()
    written = _written(file, index, fixed.text, key)
    if written is None:
        # What stands in the file's own language is mended rule by rule, as far as that goes.
        allowed: set[str] = set()
        for rule in dict.fromkeys(each.rule for each in everything.applied):
            trial = fix(RULES.keys() - allowed - {rule})
            if (result := _written(file, index, trial.text, key)) is not None:
                allowed.add(rule)
                fixed, written = trial, result
    if written is None:
        fixed, written = everything._replace(applied=(), changing=()), file
    _tell(written, index, fixed, key, repair)
    _tell_unwritten(file, everything.applied, fixed.applied, repair.err)
    return written


def _tell(file: PolicyFile, index: int, fixed: Fixed, key: KeyContext, repair: Repair) -> None:
    document = Document(file.text, None, ())
    rendered = (file.policies or ())[index].rendered

    def line_of(at: int) -> int:
        from kmstui.policy.syntax import Span

        return document.location(rendered.to_source(Span(at, at + 1)).start)[0]

    done = not repair.only_shown
    tell_fixes(file.name, fixed, key, repair.err, done=done, line_of=line_of)


def _tell_unwritten(
    file: PolicyFile, wanted: Sequence[Finding], applied: Sequence[Finding], err: TextIO
) -> None:
    done = {each.rule for each in applied}
    left = [each for each in wanted if each.rule not in done]
    if left:
        rules = ", ".join(dict.fromkeys(each.rule for each in left))
        number = "1 fix is" if len(left) == 1 else f"{len(left)} fixes are"
        print(
            f"{file.name}: {number} left to you ({rules}): --fix changes words here, not the"
            " structure of what is not JSON",
            file=err,
        )


def _written(file: PolicyFile, index: int, wanted: str, key: KeyContext) -> PolicyFile | None:
    """The file with one policy changed; None where that cannot be written, or proven."""
    from kmstui.policy.infrastructure import fixed_source, means_the_same

    before = file.policies or ()
    text = fixed_source(file.text, before[index], wanted)
    if text is None:
        return None
    try:
        after, elsewhere = _policies_in(file.called, text, key.arn)
    except CommandError:
        return None
    texts = [each.rendered.text for each in before]
    texts[index] = wanted
    if after is None or len(after) != len(texts):
        return None
    same = (
        means_the_same(each.rendered.text, text) for each, text in zip(after, texts, strict=True)
    )
    return file._replace(text=text, policies=after, elsewhere=elsewhere) if all(same) else None
