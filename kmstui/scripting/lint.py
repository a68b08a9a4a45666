"""`kmstui lint`: key policies in files, on standard input, of one key, or of all keys.

Linting a file loads neither Textual nor boto3; keys are read by a source that the composition
root supplies.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TextIO
from urllib.parse import quote

from kmstui.model.visible import visible
from kmstui.policy.lint.core.findings import Finding, KeyContext, Severity
from kmstui.policy.lint.core.registry import RULES
from kmstui.policy.lint.lint import fix_all, lint
from kmstui.policy.syntax.parse import parse
from kmstui.scripting.files import MOST_BYTES, CannotLintError, decoded, read, reason, rewrite
from kmstui.scripting.lint_arguments import argument_parser, asked_rule, key_context
from kmstui.scripting.report import Linted, write_json, write_sarif, write_text

if TYPE_CHECKING:
    from kmstui.service.ports import Target

CLEAN, ERRORS, COULD_NOT_RUN = 0, 1, 2
"""Exit codes."""

_STDIN = "-"
_KEY = re.compile(
    r"arn:[\w-]+:kms:[\w-]*:\d*:(?:key|alias)/.+|alias/.+"
    r"|(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


class StoredPolicy(NamedTuple):
    """The policy of one key as it is stored, or why it could not be read."""

    label: str
    """What to call the key: its alias or its ID."""
    key: KeyContext
    text: str = ""
    error: str = ""
    """A sentence; empty where the text was read."""


class PolicySource(Protocol):
    """Reads stored policies; the composition root supplies one that connects on first use.

    Its methods raise `ServiceError` when nothing at all can be read, and nothing else; that one
    key of many cannot be read is a `StoredPolicy` with an error.
    """

    def policy(self, target: Target, key: str) -> StoredPolicy:
        """The policy of `key`: ID, ARN or alias."""
        ...

    def policies(
        self, target: Target, progress: Callable[[int, int], None]
    ) -> Iterator[StoredPolicy]:
        """The policies of all customer managed keys of the account and Region.

        `progress` is told how many of how many are read.
        """
        ...


class _Piece(NamedTuple):
    """One policy to lint."""

    label: str
    uri: str
    key: KeyContext
    text: str
    path: Path | None = None


class _Streams(NamedTuple):
    stdin: TextIO
    out: TextIO
    err: TextIO


def run(
    arguments: Sequence[str],
    source: PolicySource | None = None,
    *,
    disabled: Collection[str] = (),
    disabled_by_key: Mapping[str, Collection[str]] | None = None,
    stdin: TextIO | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Lint what the arguments name; gives the exit code: 0 no errors, 1 errors, 2 could not run.

    Args:
        arguments: The command line behind `lint`.
        source: Reads keys; without it, only files can be linted.
        disabled: Ids of rules that the configuration turns off.
        disabled_by_key: Rules that it turns off for one key, by key ID.
        stdin: What `-` reads; standard input if not given.
        out: Where findings go; standard output if not given.
        err: Where progress and complaints go; standard error if not given.
    """
    streams = _Streams(stdin or sys.stdin, out or _lenient(sys.stdout), err or _lenient(sys.stderr))
    options = argument_parser().parse_args(arguments)
    try:
        if options.explain:
            return _explain(options.explain, streams.out)
        if options.list_rules:
            return _list_rules(streams.out)
        command = _Lint(options, source, streams, disabled, disabled_by_key or {})
        return command.run()
    except CannotLintError as error:
        return _complain(str(error), streams.err)


def _lenient(stream: TextIO) -> TextIO:
    """A standard stream that escapes what its encoding lacks instead of failing on it."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _complain(sentence: str, err: TextIO) -> int:
    print(f"kmstui lint: {visible(sentence)}", file=err)
    return COULD_NOT_RUN


def _explain(id_: str, out: TextIO) -> int:
    rule = RULES[asked_rule(id_)]
    print(f"{rule.id} ({rule.severity.word}): {rule.title}\n\n{rule.why}\n{rule.url}", file=out)
    return CLEAN


def _list_rules(out: TextIO) -> int:
    for rule in sorted(RULES.values(), key=lambda each: each.id):
        print(f"{rule.id}  {rule.severity.word:<7}  {rule.title}", file=out)
    return CLEAN


class _Lint:
    """One run of the command."""

    def __init__(
        self,
        options: argparse.Namespace,
        source: PolicySource | None,
        streams: _Streams,
        disabled: Collection[str],
        disabled_by_key: Mapping[str, Collection[str]],
    ) -> None:
        self._options = options
        self._source = source
        self._streams = streams
        self._disabled_by_key = disabled_by_key
        words = [id_ for words in options.disable for id_ in words.replace(",", " ").split()]
        self._disabled = {asked_rule(id_) for id_ in words} | set(disabled)
        self._least = Severity[options.severity.upper()]
        self._key = key_context(options)
        self._errors: list[str] = []
        """What could not be linted."""

    def run(self) -> int:
        options = self._options
        if options.all and options.what:
            raise CannotLintError(
                f"--all means every key of the account and Region, but {options.what[0]} is named"
                " too: give one or the other."
            )
        if not options.all and not options.what:
            raise CannotLintError("Name files or keys, - for standard input, or give --all.")
        if options.fix and (options.all or any(map(_is_key, options.what))):
            raise CannotLintError(
                "--fix rewrites files; a key's policy is changed in kmstui, which checks the save."
            )
        linted = [self._lint(piece) for piece in self._pieces()]
        for sentence in self._errors:
            _complain(sentence, self._streams.err)
        self._write(linted)
        if self._errors and (not options.all or not linted):
            return COULD_NOT_RUN
        worst = max(
            (finding.severity for policy in linted for finding in policy.findings), default=None
        )
        return ERRORS if worst is Severity.ERROR else CLEAN

    def _pieces(self) -> Iterator[_Piece]:
        """All that can be read of what was named; the rest becomes errors."""
        if self._options.all:
            yield from self._all_keys()
            return
        for what in self._options.what:
            try:
                if what == _STDIN:
                    yield _Piece("<stdin>", "stdin", self._key, decoded(self._stdin(), "stdin"))
                elif _is_key(what):
                    yield self._one_key(what)
                else:
                    path = Path(what)
                    text = decoded(read(path), what)
                    yield _Piece(what, quote(path.as_posix()), self._key, text, path)
            except CannotLintError as error:
                self._errors.append(str(error))

    def _stdin(self) -> bytes:
        raw = getattr(self._streams.stdin, "buffer", None)
        if raw is None:
            return self._streams.stdin.read().encode("utf-8", "surrogateescape")
        data: bytes = raw.read(MOST_BYTES + 1)
        return data

    def _target(self) -> tuple[PolicySource, Target]:
        from kmstui.service.ports import Target

        if self._source is None:
            raise CannotLintError("Keys cannot be read here; name a file.")
        options = self._options
        return self._source, Target(options.profile, options.region, options.endpoint_url)

    def _one_key(self, key: str) -> _Piece:
        from kmstui.service.errors import ServiceError

        source, target = self._target()
        try:
            stored = source.policy(target, key)
        except ServiceError as error:
            raise CannotLintError(f"The policy of {key} cannot be read: {error}") from error
        if stored.error:
            raise CannotLintError(stored.error)
        return self._of_key(stored)

    def _all_keys(self) -> Iterator[_Piece]:
        from kmstui.service.errors import ServiceError

        source, target = self._target()
        try:
            for stored in source.policies(target, self._progress):
                if stored.error:
                    self._errors.append(stored.error)
                else:
                    yield self._of_key(stored)
        except ServiceError as error:
            self._errors.append(f"The keys cannot be read: {error}")
        finally:
            self._progress_done()

    def _progress(self, done: int, total: int) -> None:
        err = self._streams.err
        if err.isatty():
            err.write(f"\r{done} of {total} keys read")
            err.flush()

    def _progress_done(self) -> None:
        if self._streams.err.isatty():
            self._streams.err.write("\r\x1b[K")

    def _of_key(self, stored: StoredPolicy) -> _Piece:
        uri = str(stored.key.arn) if stored.key.arn is not None else quote(stored.label)
        return _Piece(stored.label, uri, _merged(stored.key, self._key), stored.text)

    def _lint(self, piece: _Piece) -> Linted:
        disabled = self._disabled
        if piece.key.arn is not None:
            disabled = disabled | set(self._disabled_by_key.get(piece.key.arn.name, ()))
        text = piece.text
        if self._options.fix:
            text = self._fixed(piece, disabled)
        document = parse(text)
        findings = lint(document, piece.key, disabled=disabled)
        kept = [finding for finding in findings if finding.severity >= self._least]
        return Linted(piece.label, piece.uri, document, kept)

    def _fixed(self, piece: _Piece, disabled: Collection[str]) -> str:
        fixed = fix_all(piece.text, piece.key, disabled=disabled, severity=self._least)
        if piece.path is None:
            self._write_fixed(fixed.text)
        elif fixed.applied:
            try:
                rewrite(piece.path, fixed.text)
            except OSError as error:
                self._errors.append(f"{piece.label} cannot be written: {reason(error)}.")
                return piece.text
        if fixed.applied:
            print(f"{piece.label}: {_applied_words(fixed.applied)}", file=self._streams.err)
        return fixed.text

    def _write_fixed(self, text: str) -> None:
        """The fixed policy of standard input, in UTF-8 as it came."""
        out = self._streams.out
        if isinstance(out, TextIOWrapper):
            out.flush()
            out.buffer.write(text.encode("utf-8"))
            out.buffer.flush()
        else:
            out.write(text)

    def _write(self, linted: Sequence[Linted]) -> None:
        # With --fix, standard output is the fixed policy when it came from standard input.
        to_err = self._options.fix and _STDIN in self._options.what
        out = self._streams.err if to_err else self._streams.out
        if self._options.format == "json":
            write_json(linted, out)
        elif self._options.format == "sarif":
            write_sarif(linted, self._errors, out)
        elif linted:
            colour = out.isatty() and not os.environ.get("NO_COLOR")
            write_text(linted, out, colour=colour)


def _applied_words(applied: Sequence[Finding]) -> str:
    number = f"{len(applied)} {'fix' if len(applied) == 1 else 'fixes'} applied"
    return f"{number} ({', '.join(dict.fromkeys(finding.rule for finding in applied))})"


def _is_key(what: str) -> bool:
    return _KEY.fullmatch(what) is not None and not os.path.lexists(what)


def _merged(stored: KeyContext, given: KeyContext) -> KeyContext:
    """What the key says of itself, where the command line does not say otherwise."""
    return replace(
        stored,
        arn=given.arn or stored.arn,
        usage=given.usage or stored.usage,
        spec=given.spec or stored.spec,
        caller=given.caller or stored.caller,
    )
