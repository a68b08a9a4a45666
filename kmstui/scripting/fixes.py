"""`kmstui lint --fix`: which fixes are applied, and what is said of those that change access."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from kmstui.model import late_pattern, visible
from kmstui.policy.syntax import parse

if TYPE_CHECKING:
    from kmstui.policy.lint import Considered, Finding, Fixed, KeyContext

FIX = "--fix"
_RULES = late_pattern(r"[A-Za-z]+[0-9]+(?:,[A-Za-z]+[0-9]+)*")


def with_named_rules(arguments: Sequence[str]) -> list[str]:
    """The arguments with each bare `--fix` given its own value: rules where they follow, or none.

    `--fix FILE` fixes the file, `--fix KMS513 FILE` names a rule too. By itself argparse would
    take whatever follows for the value. What is the name of a file here is that file.
    """
    found: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            return [*found, argument, *left]
        if found and found[-1] == f"{FIX}=" and _names_rules(argument):
            found[-1] += argument
        else:
            found.append(f"{FIX}=" if argument == FIX else argument)
    return found


def _names_rules(argument: str) -> bool:
    return _RULES.fullmatch(argument) is not None and not os.path.lexists(argument)


def tell_fixes(
    label: str,
    fixed: Fixed,
    key: KeyContext,
    err: TextIO,
    *,
    done: bool,
    line_of: Callable[[int], int] | None = None,
) -> None:
    """Say what was fixed, or would be, and what was left because it would change access.

    `line_of` tells the line, from 0, of a place in the policy; of its own text if not given.
    """
    lines = [
        *_applied(fixed.applied, done=done),
        *(line for each in fixed.changing for line in _effect("", each)),
        *_left(fixed, line_of or (lambda at: parse(fixed.text).location(at)[0])),
        *_assumed(fixed, key),
    ]
    for line in lines:
        print(visible(f"{label}: {line}"), file=err)


def _applied(applied: Sequence[Finding], *, done: bool) -> Iterator[str]:
    if applied:
        number = f"{len(applied)} {'fix' if len(applied) == 1 else 'fixes'}"
        verb = "applied" if done else "would be applied"
        yield f"{number} {verb} ({_rules(applied)})"


def _effect(place: str, each: Considered) -> Iterator[str]:
    title = each.finding.fix.title if each.finding.fix is not None else ""
    yield f"{place}{each.finding.rule}: {title}"
    yield from (f"  {sentence}" for sentence in each.effect.sentences)


def _left(fixed: Fixed, line_of: Callable[[int], int]) -> Iterator[str]:
    if not fixed.left:
        return
    one = len(fixed.left) == 1
    number = (
        "1 fix is left, which changes" if one else f"{len(fixed.left)} fixes are left, which change"
    )
    rules = _rules((each.finding for each in fixed.left), separator=",")
    yield f"{number} access; {FIX} {rules} applies {'it' if one else 'them'}"
    for each in fixed.left:
        yield from _effect(f"line {line_of(each.finding.span.start) + 1}: ", each)


def _rules(findings: Iterable[Finding], separator: str = ", ") -> str:
    return separator.join(dict.fromkeys(finding.rule for finding in findings))


def _assumed(fixed: Fixed, key: KeyContext) -> Iterator[str]:
    """On what the words about access rest, where it is not known which key is meant."""
    # Who only lints does not wait for what compares access.
    from kmstui.policy.lint import accounts_in_question

    if key.arn is None and (fixed.applied or fixed.left):
        named, *others = accounts_in_question(fixed.text, key)
        if others:
            accounts = ", ".join((named, *others))
            yield f"whose key it is is not known (--key-arn tells): access is judged for {accounts}"
        else:
            yield f"taken for the policy of a key of account {named} (--key-arn tells another)"


def write_diff(label: str, before: str, after: str, out: TextIO) -> None:
    """The change as a unified diff; nothing where there is none."""
    from difflib import unified_diff  # takes longer to load than most policies take to lint

    old, new = (text.splitlines(keepends=True) for text in (before, after))
    for line in unified_diff(old, new, label, label):
        shown = visible(line.rstrip("\r\n")) if out.isatty() else line.rstrip("\n")
        print(shown, file=out)
        if not line.endswith("\n") and line[:1] in "+- ":
            print("\\ No newline at end of file", file=out)


def write_fixed(text: str, out: TextIO) -> None:
    """The fixed policy of standard input, in UTF-8 as it came."""
    if isinstance(out, TextIOWrapper):
        out.flush()
        out.buffer.write(text.encode("utf-8"))
        out.buffer.flush()
    else:
        out.write(text)
