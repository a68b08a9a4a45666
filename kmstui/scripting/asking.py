"""`kmstui can me ACTION KEY --ask`: KMS's own answer beside the prediction."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from kmstui.model import visible
from kmstui.policy.evaluation import Answer, Outcome
from kmstui.policy.iam import key_and_value
from kmstui.scripting.can_policies import Asked
from kmstui.scripting.command import CommandError
from kmstui.scripting.parser import target_of
from kmstui.service.access import (
    MOST_TOKENS,
    RE_ENCRYPT,
    Agreement,
    AskedKey,
    Comparison,
    Judgement,
    announcement,
    asking,
    compare,
)

if TYPE_CHECKING:
    from kmstui.scripting.live_source import LiveSource

_CONTEXT = "kms:encryptioncontext:"
"""How the condition keys begin that a request's own encryption context makes."""

_FILES = (
    "identity_policy",
    "no_identity_policies",
    "session_policy",
    "permissions_boundary",
    "scp",
    "rcp",
    "vpc_endpoint_policy",
)
"""Options of which KMS knows nothing: it goes by what is in force."""


def require_askable(options: argparse.Namespace, actions: Collection[str]) -> None:
    """Refuse what KMS cannot be asked.

    Raises:
        CommandError: it is about somebody else, a policy of a file, or two keys.
    """
    if options.principal != "me":
        raise CommandError(
            f"--ask asks KMS with your own credentials, so it can only tell of you: write `me`"
            f" instead of {options.principal}, or leave --ask out."
        )
    if options.policy is not None:
        raise CommandError(
            "--ask asks KMS, which goes by the policy that is stored: leave out --policy, or --ask."
        )
    if len(options.grant_token) > MOST_TOKENS:
        raise CommandError(f"A request takes {MOST_TOKENS} grant tokens at most: leave some out.")
    if options.other_key is not None and RE_ENCRYPT.intersection(actions):
        raise CommandError(
            "--ask asks about ReEncrypt from the key to this same key, so it cannot tell of"
            " --other-key: ask for kms:ReEncryptFrom on the one key and for kms:ReEncryptTo on the"
            " other, without --other-key."
        )


def ask_about(
    options: argparse.Namespace,
    source: LiveSource,
    asked: Asked,
    answers: Sequence[Answer],
    told: TextIO,
) -> tuple[Comparison, ...]:
    """Say what is sent, send it, and hold each answer against its prediction.

    Args:
        options: The command line.
        source: Where KMS is asked.
        asked: Who asks, and about which key.
        answers: The predictions.
        told: Where it is said what is sent, before it is.

    Raises:
        CommandError: an encryption context cannot be sent as it is given.
        ServiceError: there is no connection.
    """
    metadata = asked.metadata
    key = AskedKey(
        asked.key_arn,
        asked.principal.name,
        metadata.usage if metadata else "",
        metadata.spec if metadata else "",
        _encryption_context(options.context, asked),
        tuple(dict.fromkeys(options.grant_token)),
    )
    wanted = asking(key, [answer.operation for answer in answers])
    print(visible(announcement(key, wanted)), file=told, flush=True)
    found = source.dry_runs(target_of(options), wanted) if wanted.sent else ()
    by_action = {each.action: each for each in (*found, *wanted.unasked)}
    supposed = tuple(_supposed(options, asked, sent=bool(wanted.with_context)))
    return tuple(compare(each, by_action[each.operation], supposed) for each in answers)


def _pairs(options: Iterable[str], asked: Asked) -> Iterator[tuple[str, str]]:
    for pair in options:
        halves = key_and_value(pair, asked.policies.condition_keys)
        if halves is not None:
            yield halves


def _encryption_context(options: Iterable[str], asked: Asked) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for key, value in _pairs(options, asked):
        name = key[len(_CONTEXT) :]
        if not key.lower().startswith(_CONTEXT):
            continue
        if found.setdefault(name, value) != value:
            raise CommandError(
                f"--ask sends one request, in which {key} has one value: give it once."
            )
    return tuple(found.items())


def _supposed(options: argparse.Namespace, asked: Asked, *, sent: bool) -> Iterator[str]:
    """What the prediction rests on and KMS is not told."""
    for key in dict.fromkeys([*dict(_pairs(options.context, asked)), *options.without]):
        if not (key.lower().startswith(_CONTEXT) and (sent or key in options.without)):
            yield key
    for name in _FILES:
        if getattr(options, name):
            yield f"--{name.replace('_', '-')}"


def outcomes(compared: Iterable[Comparison]) -> Iterator[Outcome]:
    """What the exit code goes by: KMS's answer, or the prediction where KMS is not asked."""
    for each in compared:
        if each.kms.judgement is Judgement.NOT_ASKED:
            yield each.prediction.outcome
        else:
            yield _OUTCOMES[each.kms.judgement]


_OUTCOMES = {
    Judgement.ALLOWED: Outcome.ALLOWED,
    Judgement.DENIED: Outcome.IMPLICITLY_DENIED,
    Judgement.NOT_JUDGED: Outcome.NOT_PREDICTABLE,
}


def write_text(compared: Sequence[Comparison], out: TextIO) -> None:
    """Each answer beside its prediction; what differs is marked, and told with its causes."""
    width = max(len(each.kms.action) for each in compared)
    lines = [f"  {'ACTION':<{width}}  {'PREDICTED':<10}  {'KMS':<10}"]
    for each in compared:
        mark = "!" if each.agreement is Agreement.DIFFERS else " "
        words = f"{each.kms.action:<{width}}  {each.prediction.word:<10}  {each.kms.judgement:<10}"
        lines.append(f"{mark} {words}  {each.kms.sentence}")
    if len(compared) == 1 and compared[0].agreement is not Agreement.DIFFERS:
        lines.append(f"Predicted: {compared[0].prediction.sentence}")
    lines += [f"{each.kms.action}: {each.remark}" for each in compared if each.remark]
    lines += [line for each in compared for line in _differences(each)]
    left_out = dict.fromkeys(word for each in compared for word in each.prediction.not_considered)
    lines.append(f"Not considered in what is predicted: {', '.join(left_out)}.")
    for line in lines:
        print(visible(line.rstrip()), file=out)


def _differences(compared: Comparison) -> Iterator[str]:
    """What is said where both differ."""
    if compared.agreement is not Agreement.DIFFERS:
        return
    yield f"! {compared.kms.action} differs. Predicted: {compared.prediction.sentence} It may be:"
    yield from (f"  - {cause}" for cause in compared.causes)


def as_json(compared: Comparison) -> dict[str, Any]:
    """KMS's answer and the comparison, for `--format json`."""
    kms = compared.kms
    return {
        "answer": kms.judgement.value,
        "reason": kms.sentence,
        "said": kms.said,
        "sent": kms.request.operation if kms.request else None,
        "comparison": compared.agreement.value,
        "causes": list(compared.causes),
        "remark": compared.remark,
    }
