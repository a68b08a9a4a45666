"""`kmstui lint`: key policies in files, on standard input, of one key, or of all keys.

Linting a file loads neither Textual nor boto3; keys are read by a source that the composition
root supplies.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from kmstui.model import visible
from kmstui.policy.lint import (
    KeyContext,
    PolicyKind,
    Severity,
    lint,
)
from kmstui.policy.syntax import Document, parse
from kmstui.scripting.catalogue import asked_rule, explain, list_rules
from kmstui.scripting.command import (
    STDIN,
    CommandError,
    Progress,
    complain,
    reason,
    rewrite,
)
from kmstui.scripting.definition import Command
from kmstui.scripting.fixes import FIX, tell_fixes, with_named_rules, write_diff, write_fixed
from kmstui.scripting.key_options import key_context, merged
from kmstui.scripting.parser import (
    COULD_NOT_RUN,
    Parser,
    add_connection_options,
    target_of,
)
from kmstui.scripting.policy_files import is_key
from kmstui.scripting.report import Linted, write_json, write_sarif, write_text
from kmstui.scripting.template_files import (
    PolicyFile,
    Repair,
    read_policy_file,
    repaired,
    uri_of,
)

if TYPE_CHECKING:
    from kmstui.policy.lint import Finding
    from kmstui.scripting.live_source import LivePolicy, LiveSource
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.ports import Target

CLEAN, ERRORS = 0, 1
"""Exit codes, besides `COULD_NOT_RUN`."""
WOULD_CHANGE = 1
"""Exit code of `--diff` where there is one, as of diff(1)."""

_PREFIX = "kmstui lint"


class _Piece(NamedTuple):
    """One policy to lint."""

    label: str
    uri: str
    key: KeyContext
    text: str
    path: Path | None = None
    file: PolicyFile | None = None
    """The file that holds policies and is none; `text` is then of no use."""


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("what", nargs="*", metavar="FILE|-|KEY", help="files, - for standard input, or keys")
    add(
        "--stdin-filename",
        metavar="NAME",
        default="",
        help="what standard input is called; .yaml and .tf tell its language",
    )
    add(
        "--vpc-endpoint",
        action="store_true",
        help="they are policies of VPC endpoints of KMS, not key policies",
    )
    add(
        "--only-key-policies",
        action="store_true",
        help="pass over files that hold none, as a repository has them",
    )
    add("--all", action="store_true", help="all customer managed keys of the account and Region")
    add("--format", choices=("text", "json", "sarif"), default="text", help="default: text")
    add(
        "--severity",
        choices=[severity.word for severity in Severity],
        default="info",
        help="the least that is reported; default: info",
    )
    add("--disable", action="append", default=[], metavar="ID", help="turn a rule off (repeatable)")
    add(
        FIX,
        nargs="?",
        const="",
        action="append",
        metavar="ID,ID",
        help="rewrite files with the quick fixes that change nobody's access, and with those of the"
        " rules named, whatever they change",
    )
    add("--diff", action="store_true", help="print what --fix would change; write nothing")
    add("--key-arn", metavar="ARN", help="the key that the policy is for")
    add("--key-usage", metavar="USAGE", help="its usage, such as ENCRYPT_DECRYPT")
    add("--key-spec", metavar="SPEC", help="its spec, such as SYMMETRIC_DEFAULT")
    add("--caller", metavar="ARN", help="who will put the policy")
    add("--explain", metavar="ID", help="tell about one rule")
    add("--list-rules", action="store_true", help="list all rules")
    add_connection_options(parser)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    if options.explain:
        explain(options.explain, around.streams.out)
        return CLEAN
    if options.list_rules:
        list_rules(around.streams.out)
        return CLEAN
    return _Lint(options, around).run()


COMMAND = Command(
    "Check KMS key policies: syntax, grammar, actions, principals, conditions, security; in JSON,"
    " and inside CloudFormation, Terraform and YAML files. A file goes before a key of the same"
    " name.",
    _options,
    _run,
    examples=(
        ("lint policy.json", "exit 1 on errors"),
        ("lint key.yaml main.tf", "inside CloudFormation, Terraform"),
        ("lint --fix policy.json", "apply what changes nobody's access"),
        ("lint --diff policy.json", "show what --fix would change"),
        ("lint --all --format sarif", "every customer managed key"),
        ("lint --explain KMS506", "what a rule finds, and why that matters"),
        ("lint --vpc-endpoint endpoint.json", "the policy of a VPC endpoint"),
    ),
    exits={
        0: "no errors were found; with --diff: nothing would change",
        1: "errors were found; with --diff: something would change",
        2: "something could not be linted",
    },
    rewrite=with_named_rules,
)


class _Lint:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, around: Surroundings) -> None:
        self._options = options
        self._around = around
        self._streams = around.streams
        words = [id_ for words in options.disable for id_ in words.replace(",", " ").split()]
        self._disabled = {asked_rule(id_) for id_ in words} | set(around.disabled)
        self._fixes = options.diff or options.fix is not None
        wanted = ",".join(options.fix or ()).replace(",", " ").split()
        self._named = {asked_rule(id_) for id_ in wanted}
        self._least = Severity[options.severity.upper()]
        self._key = key_context(options)
        self._errors: list[str] = []
        """What could not be linted."""
        self._would_change = False
        """Whether --diff has shown any change."""

    def run(self) -> int:
        options = self._options
        if options.all and options.what:
            raise CommandError(
                f"--all means every key of the account and Region, but {options.what[0]} is named"
                " too: give one or the other."
            )
        if options.demo and not options.what:
            options.all = True
        if not options.all and not options.what:
            raise CommandError("Name files or keys, - for standard input, or give --all.")
        if options.diff and options.format != "text":
            raise CommandError(f"--diff prints a diff; it has no --format {options.format}.")
        if options.vpc_endpoint:
            self._refuse_what_is_about_keys()
        rewrites = self._fixes and not options.diff
        if rewrites and (options.all or any(map(is_key, options.what))):
            raise CommandError(
                "--fix rewrites files; a key's policy is changed in kmstui, which checks the save."
                " --diff shows what would change."
            )
        linted = [each for piece in self._pieces() for each in self._lint(piece)]
        for sentence in self._errors:
            complain(sentence, self._streams.err, _PREFIX)
        if not options.diff:
            self._write(linted)
        if self._errors and (not options.all or not linted):
            return COULD_NOT_RUN
        if options.diff:
            return WOULD_CHANGE if self._would_change else CLEAN
        worst = max(
            (finding.severity for policy in linted for finding in policy.findings), default=None
        )
        return ERRORS if worst is Severity.ERROR else CLEAN

    def _refuse_what_is_about_keys(self) -> None:
        """The policy of an endpoint is about no key, and its fixes are not compared with access."""
        if self._options.all or any(map(is_key, self._options.what)):
            raise CommandError("--vpc-endpoint checks files, or - for standard input, not keys.")
        if self._fixes:
            raise CommandError("--fix and --diff are for key policies; leave out --vpc-endpoint.")

    def _pieces(self) -> Iterator[_Piece]:
        """All that can be read of what was named; the rest becomes errors."""
        if self._options.all:
            yield from self._all_keys()
            return
        for what in self._options.what:
            try:
                if is_key(what):
                    yield self._one_key(what)
                    continue
                yield self._one_file(what)
            except CommandError as error:
                self._errors.append(str(error))

    def _one_file(self, what: str) -> _Piece:
        called = what
        if what == STDIN:
            called = self._options.stdin_filename or "stdin"
        file = read_policy_file(
            what,
            self._streams.stdin,
            called=called,
            arn=self._key.arn,
            choosy=self._options.only_key_policies,
        )
        label = called if what != STDIN or self._options.stdin_filename else "<stdin>"
        uri = "stdin" if label == "<stdin>" else uri_of(Path(called))
        path = None if what == STDIN else Path(what)
        template = None if file.policies is None else file
        return _Piece(label, uri, self._key, file.text, path, template)

    def _live(self) -> tuple[LiveSource, Target]:
        return self._around.live(), target_of(self._options)

    def _one_key(self, key: str) -> _Piece:
        from kmstui.service.errors import ServiceError

        source, target = self._live()
        try:
            stored = source.policy(target, key)
        except ServiceError as error:
            raise CommandError(f"The policy of {key} cannot be read: {error}") from error
        if stored.error:
            raise CommandError(stored.error)
        return self._of_key(stored)

    def _all_keys(self) -> Iterator[_Piece]:
        from kmstui.service.errors import ServiceError

        source, target = self._live()
        progress = Progress(self._streams.err)
        try:
            for stored in source.policies(
                target, lambda done, total: progress.show(done, total, "keys read")
            ):
                if stored.error:
                    self._errors.append(stored.error)
                else:
                    yield self._of_key(stored)
        except ServiceError as error:
            self._errors.append(f"The keys cannot be read: {error}")
        finally:
            progress.end()

    def _of_key(self, stored: LivePolicy) -> _Piece:
        uri = str(stored.key.arn) if stored.key.arn is not None else quote(stored.label)
        return _Piece(stored.label, uri, merged(stored.key, self._key), stored.text)

    def _lint(self, piece: _Piece) -> Iterator[Linted]:
        disabled = self._disabled
        if piece.key.arn is not None:
            disabled = disabled | set(self._around.disabled_by_key.get(piece.key.arn.name, ()))
        if piece.file is not None:
            yield from self._lint_inside(piece, piece.file, disabled)
            return
        text = piece.text
        if self._fixes:
            text = self._fixed(piece, disabled)
        document = parse(text)
        kind = PolicyKind.ENDPOINT if self._options.vpc_endpoint else PolicyKind.KEY
        findings = lint(document, piece.key, disabled=disabled, scope=kind)
        yield Linted(piece.label, piece.uri, document, self._kept(findings), piece.key)

    def _kept(self, findings: Sequence[Finding]) -> list[Finding]:
        return [finding for finding in findings if finding.severity >= self._least]

    def _lint_inside(
        self, piece: _Piece, file: PolicyFile, disabled: Collection[str]
    ) -> Iterator[Linted]:
        """The policies that a template, or a file of another language, holds."""
        from kmstui.policy.infrastructure import context_of, findings_in

        err = self._streams.err
        for sentence in file.elsewhere:
            print(f"{_PREFIX}: {visible(f'{file.called}: {sentence}')}.", file=err)
        if not file.policies and not file.elsewhere and not self._options.only_key_policies:
            print(f"{_PREFIX}: {visible(file.called)} holds no key policy.", file=err)
        if self._fixes:
            named, out = self._named, self._streams.out
            repair = Repair(disabled, self._least, named, self._options.diff, out, err)
            try:
                file, changed = repaired(file, piece.key, repair)
                self._would_change |= changed
            except CommandError as error:
                self._errors.append(str(error))
        document = Document(file.text, None, ())
        for policy in file.policies or ():
            key = context_of(policy, piece.key)
            findings = self._kept(findings_in(policy, key, disabled=disabled))
            yield Linted(piece.label, piece.uri, document, findings, key)

    def _fixed(self, piece: _Piece, disabled: Collection[str]) -> str:
        # Who only lints does not wait for what compares access.
        from kmstui.policy.lint import fix_all

        fixed = fix_all(
            piece.text, piece.key, disabled=disabled, severity=self._least, named=self._named
        )
        if self._options.diff:
            write_diff(piece.label, piece.text, fixed.text, self._streams.out)
            self._would_change |= fixed.text != piece.text
        elif piece.path is None:
            write_fixed(fixed.text, self._streams.out)
        elif fixed.applied:
            try:
                rewrite(piece.path, fixed.text)
            except OSError as error:
                self._errors.append(f"{piece.label} cannot be written: {reason(error)}.")
                return piece.text
        done = not self._options.diff
        tell_fixes(piece.label, fixed, piece.key, self._streams.err, done=done)
        return fixed.text

    def _write(self, linted: Sequence[Linted]) -> None:
        # With --fix, standard output is the fixed policy when it came from standard input.
        to_err = self._fixes and STDIN in self._options.what
        out = self._streams.err if to_err else self._streams.out
        if self._options.format == "json":
            write_json(linted, out)
        elif self._options.format == "sarif":
            write_sarif(linted, self._errors, out)
        elif linted or self._options.only_key_policies:
            colour = out.isatty() and not os.environ.get("NO_COLOR")
            write_text(linted, out, colour=colour)
