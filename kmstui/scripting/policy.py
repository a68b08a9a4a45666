"""`kmstui policy get`, `diff` and `put`: the policy of one key, reviewed as on the screens."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kmstui.model import visible
from kmstui.policy.iam import same_meaning
from kmstui.scripting.command import (
    STDIN,
    CommandError,
    complain,
    read_text,
    reason,
    rewrite,
)
from kmstui.scripting.definition import Command
from kmstui.scripting.live_source import LivePolicy, read_policy
from kmstui.scripting.parser import Parser, add_connection_options
from kmstui.scripting.putting import (
    EXITS,
    End,
    Put,
    changed_sentence,
    put,
    wanted,
    with_session,
)
from kmstui.scripting.several import place_of, read_each
from kmstui.scripting.table import write_json

if TYPE_CHECKING:
    from kmstui.scripting.key_edits import Review
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

SAME, DIFFERS = 0, 3
"""Exit codes of `policy diff`, besides `COULD_NOT_RUN`."""


# get


def _get_options(parser: Parser) -> None:
    parser.add_argument("key", metavar="KEY", help="key ID, ARN or alias")
    parser.add_argument("file", metavar="FILE", nargs="?", help="where to write it; default: -")
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="default: text; json: a list with account, Region and key of each policy, as of a key"
        " in several Regions",
    )
    add_connection_options(parser)


def _get(options: argparse.Namespace, around: Surroundings) -> int:
    answers = read_each(options, around, partial(read_policy, name=options.key), options.key)
    text = _as_text(answers.values, options)
    text = text if text.endswith("\n") else f"{text}\n"
    if options.file in (None, STDIN):
        out = around.streams.out
        lines = text.splitlines()
        out.write("".join(f"{visible(line)}\n" for line in lines) if out.isatty() else text)
        return answers.code
    path = Path(options.file)
    try:
        if not path.exists():
            path.touch(0o644)
        rewrite(path, text)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {reason(error)}.") from error
    return answers.code


def _as_text(stored: Sequence[LivePolicy], options: argparse.Namespace) -> str:
    """The policy, or all of them as JSON."""
    if options.format == "json":
        told = [
            {**place_of(str(each.key.arn)), "key": str(each.key.arn), "policy": each.text}
            for each in stored
        ]
        return json.dumps(told, indent=2)
    if len(stored) > 1:
        keys = ", ".join(str(each.key.arn) for each in stored)
        raise CommandError(
            f"{options.key} is a key of several connections: name one of {keys}, or give"
            " --format json for all."
        )
    return "".join(each.text for each in stored)


GET = Command(
    "Print the policy of a key as it is stored, or write it to a file.",
    _get_options,
    _get,
    examples=(
        ("policy get alias/ImportedCMK", "to standard output"),
        ("policy get alias/ImportedCMK base.json", "to a file, for --base of put"),
    ),
    exits={0: "it was read", 2: "it could not be read, or not be written"},
)


# diff and put


def _policy_options(parser: Parser) -> None:
    add = parser.add_argument
    add("key", metavar="KEY", help="key ID, ARN or alias")
    add("file", metavar="FILE", help="the new policy; - for standard input")
    add(
        "--base",
        metavar="FILE",
        help="the policy that FILE is a change of: refuse where another one is stored by now",
    )
    add("--format", choices=("text", "json"), default="text", help="default: text")


def _diff_options(parser: Parser) -> None:
    _policy_options(parser)
    add_connection_options(parser)


def _put_options(parser: Parser) -> None:
    from kmstui.scripting.key_edits import add_allowing_options

    _policy_options(parser)
    add_allowing_options(parser)
    add_bypass_option(parser)
    add_connection_options(parser)


def add_bypass_option(parser: Parser) -> None:
    """Add what turns KMS's lock-out check off."""
    parser.add_argument(
        "--bypass-policy-lockout-safety-check",
        metavar="ALIAS",
        default="",
        help="turn KMS's own lock-out check off for this put; the key's alias, to be sure",
    )


def _texts(options: argparse.Namespace, around: Surroundings) -> tuple[str, str | None]:
    """The new text, and that of --base."""
    if options.file == options.base == STDIN:
        raise CommandError("Only one of FILE and --base can come from standard input.")
    stdin = around.streams.stdin
    text = read_text(options.file, stdin).removeprefix("\ufeff")
    base = None if options.base is None else read_text(options.base, stdin)
    return text, base


async def reviewed(
    session: Session, around: Surroundings, key: str, text: str, base: str | None
) -> tuple[Review, bool]:
    """What it does to put a text, and whether what is stored is still what `base` says.

    Raises:
        CommandError: the key's policy cannot be changed.
        ServiceError: it cannot be read.
    """
    from kmstui.scripting.key_edits import KeyEdits

    edit = await KeyEdits(session, around).open(key)
    stands = base is None or any(same_meaning(edit.editing.base, each) for each in (base, text))
    return await edit.review(text), stands


def _diff(options: argparse.Namespace, around: Surroundings) -> int:
    text, base = _texts(options, around)

    async def look(session: Session) -> int:
        review, stands = await reviewed(session, around, options.key, text, base)
        _show(review, options, around)
        if not stands:
            complain(changed_sentence(review.edit), around.streams.err, "kmstui policy diff")
        return SAME if review.assessment.unchanged else DIFFERS

    return with_session(around, look)


def _show(review: Review, options: argparse.Namespace, around: Surroundings) -> None:
    # Where the answer is JSON, it is written once it is known how it ended.
    from kmstui.scripting.review_text import review_as_json, write_review

    if options.format == "json":
        write_json(review_as_json(review), around.streams.out)
    else:
        write_review(review, around.streams.out)
        around.streams.out.flush()


def _put(options: argparse.Namespace, around: Surroundings) -> int:
    text, base = _texts(options, around)
    return with_session(
        around, partial(_put_text, options=options, around=around, text=text, base=base)
    )


async def _put_text(
    session: Session,
    *,
    options: argparse.Namespace,
    around: Surroundings,
    text: str,
    base: str | None,
) -> int:
    review, stands = await reviewed(session, around, options.key, text, base)
    return await put_reviewed(review, options, around, stands=stands)


async def put_reviewed(
    review: Review, options: argparse.Namespace, around: Surroundings, *, stands: bool = True
) -> int:
    """Show a review, ask where somebody can be asked, put, and tell how it ended.

    `stands`: what is stored is what the change was made of. Returns the exit code.

    Raises:
        ServiceError: nothing was sent.
    """
    from kmstui.scripting.review_text import review_as_json

    streams, text = around.streams, review.assessment.text
    if options.format == "text":
        _show(review, options, around)
    if not stands:
        ended = Put(End.CHANGED, changed_sentence(review.edit))
    elif review.assessment.unchanged:
        label = review.edit.target.location.label
        ended = Put(End.STORED, f"The policy of {label} means this already; nothing was sent.")
    elif why := wanted(review, options, streams):
        ended = Put(End.NOT_PUT, why)
    else:
        ended = await put(
            review.edit, text, streams, bypass_alias=options.bypass_policy_lockout_safety_check
        )
    if options.format == "json":
        told = {"end": ended.end.name.lower(), "sentence": ended.sentence}
        write_json({**review_as_json(review), "put": told}, streams.out)
    elif ended.end is End.STORED:
        print(visible(ended.sentence), file=streams.out)
    if ended.end is not End.STORED:
        complain(ended.sentence, streams.err, f"kmstui {options.command}")
    return ended.end


DIFF = Command(
    "What it would do to put a policy: whether you could put it again, who gains and who loses,"
    " what the linter finds, and the change of the text. Nothing is sent.",
    _diff_options,
    _diff,
    examples=(
        ("policy diff alias/ImportedCMK new.json", "the review of a put"),
        ("policy diff alias/ImportedCMK new.json --format json", "for scripts"),
    ),
    exits={
        0: "the file means what is stored",
        2: "it could not be told",
        3: "another policy is stored",
    },
)

PUT = Command(
    "Put a key policy, after the same review as on the screens. On a terminal it asks; elsewhere it"
    " needs --yes. What would lock you out, gives access outside the key's account or has errors"
    " needs an option of its own, or the alias typed. The stored policy is read again right before"
    " the put and after it; texts, put and end are in the journal.",
    _put_options,
    _put,
    examples=(
        ("policy put alias/ImportedCMK new.json", "shows the review, and asks"),
        ("policy put alias/x new.json --base old.json --yes", "in a pipeline"),
    ),
    exits=EXITS,
)
