"""The command line of `kmstui lint`."""

from __future__ import annotations

import argparse
import os

from kmstui.model.arn import Arn
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.core.findings import KeyContext, Severity
from kmstui.policy.lint.core.rule_ids import UnknownRuleError, known_rule
from kmstui.policy.lint.facts.principals import Form, read_principal
from kmstui.scripting.files import CannotLintError


def argument_parser() -> argparse.ArgumentParser:
    """The options of `kmstui lint`."""
    parser = argparse.ArgumentParser(
        prog="kmstui lint",
        description="Check KMS key policies.",
        epilog="Exit code: 0 without errors, 1 with errors, 2 when something could not be linted.",
        formatter_class=_formatter,
    )
    add = parser.add_argument
    add("what", nargs="*", metavar="FILE|-|KEY", help="files, - for standard input, or keys")
    add("--all", action="store_true", help="all customer managed keys of the account and Region")
    add("--format", choices=("text", "json", "sarif"), default="text", help="default: text")
    add(
        "--severity",
        choices=[severity.word for severity in Severity],
        default="info",
        help="the least that is reported; default: info",
    )
    add("--disable", action="append", default=[], metavar="ID", help="turn a rule off (repeatable)")
    add("--fix", action="store_true", help="apply the quick fixes; files are rewritten")
    add("--key-arn", metavar="ARN", help="the key that the policy is for")
    add("--key-usage", metavar="USAGE", help="its usage, such as ENCRYPT_DECRYPT")
    add("--key-spec", metavar="SPEC", help="its spec, such as SYMMETRIC_DEFAULT")
    add("--caller", metavar="ARN", help="who will put the policy")
    add("--explain", metavar="ID", help="tell about one rule")
    add("--list-rules", action="store_true", help="list all rules")
    add("--profile", metavar="P", default="", help="AWS profile, for keys")
    add("--region", metavar="R", default="", help="AWS Region, for keys")
    add("--endpoint-url", metavar="URL", default="", help="KMS endpoint, for keys")
    return parser


def _formatter(prog: str) -> argparse.HelpFormatter:
    """The usual one, told the width: argparse asks `shutil`, which loads every compression library.

    One is made for each option, whether help is asked for or not.
    """
    try:
        columns = os.get_terminal_size().columns
    except OSError:
        columns = 80
    return argparse.HelpFormatter(prog, width=columns - 2)


def asked_rule(id_: str) -> str:
    """The id of a rule that an option names, in its own case.

    Raises:
        CannotLintError: no rule has it.
    """
    try:
        return known_rule(id_)
    except UnknownRuleError as error:
        raise CannotLintError(f"{error} --list-rules lists them all.") from None


def key_context(options: argparse.Namespace) -> KeyContext:
    """What the options tell about the key and who asks.

    Raises:
        CannotLintError: one of them cannot be.
    """
    arn = _arn(options.key_arn, "--key-arn")
    if arn is not None and (arn.service, arn.resource_type) != ("kms", "key"):
        raise CannotLintError(f"--key-arn is not the ARN of a KMS key: {options.key_arn}")
    return KeyContext(
        arn=arn,
        usage=_one_of("kms:KeyUsage", options.key_usage, "--key-usage"),
        spec=_one_of("kms:KeySpec", options.key_spec, "--key-spec"),
        caller=_caller(options.caller),
    )


def _arn(text: str | None, option: str) -> Arn | None:
    if not text:
        return None
    try:
        return Arn.parse(text)
    except ValueError:
        raise CannotLintError(f"{option} is no ARN: {text}") from None


def _caller(text: str | None) -> Arn | None:
    arn = _arn(text, "--caller")
    if arn is not None and read_principal(str(arn)).form not in (Form.IDENTITY, Form.ROOT):
        raise CannotLintError(f"--caller is not the ARN of a user, role, session or root: {text}")
    return arn


def _one_of(condition_key: str, word: str | None, option: str) -> str:
    """A value of KMS's enumerations, in its own case."""
    if not word:
        return ""
    info = knowledge().condition_key(condition_key)
    values = info.values if info is not None else ()
    if word.upper() not in values:
        raise CannotLintError(f"{option} is none of {', '.join(values)}: {word}")
    return word.upper()
