"""What `kmstui lint` tells of its rules themselves."""

from __future__ import annotations

from typing import TextIO

from kmstui.policy.lint import RULES, UnknownRuleError, known_rule
from kmstui.scripting.command import CommandError


def asked_rule(id_: str) -> str:
    """The id of a rule that an option names, in its own case.

    Raises:
        CommandError: no rule has it.
    """
    try:
        return known_rule(id_)
    except UnknownRuleError as error:
        raise CommandError(f"{error} --list-rules lists them all.") from None


def explain(id_: str, out: TextIO) -> None:
    """Tell about one rule.

    Raises:
        CommandError: no rule has this id.
    """
    rule = RULES[asked_rule(id_)]
    print(f"{rule.id} ({rule.severity.word}): {rule.title}\n", file=out)
    print(f"{rule.flags} For {rule.scope.word} policies.\n\n{rule.why}\n{rule.url}", file=out)


def list_rules(out: TextIO) -> None:
    """A line for each rule."""
    width = max(map(len, RULES))
    for rule in sorted(RULES.values(), key=lambda each: each.id):
        scope = f"{rule.scope.word:<20}"
        print(f"{rule.id:<{width}}  {rule.severity.word:<7}  {scope}  {rule.title}", file=out)
