"""What a run over many keys does and did, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from kmstui.model import place_in
from kmstui.service.inventory import Store
from kmstui.service.runs import RunOutcome, RunResult
from kmstui.service.session import Session
from kmstui.ui.commands import aws_command, aws_loop
from kmstui.ui.runs.shown_kind import C, ShownKind
from kmstui.ui.style import Part

_OUTCOME_STYLES = {
    RunOutcome.DONE: "good",
    RunOutcome.PROPAGATING: "warn",
    RunOutcome.UNREAD: "warn",
    RunOutcome.FAILED: "bad",
    RunOutcome.UNKNOWN: "bad",
    RunOutcome.CANCELLED: "warn",
    RunOutcome.REFUSED: "warn",
    RunOutcome.UNCHANGED: "dim",
    RunOutcome.WAITING: "dim",
}


def number(count: int, noun: str) -> str:
    """`1 key`, `2 keys`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def names_of(store: Store, key_ids: Sequence[str]) -> str:
    """Some keys, as many as a line holds."""
    if len(key_ids) == 1:
        return store.name_of(key_ids[0])
    # In several accounts and Regions keys have the same names.
    names = list(dict.fromkeys(map(store.bare_name, key_ids)))
    some = ", ".join(names[:4])
    more = f" and {len(names) - 4:,} more" if len(names) > 4 else ""
    places = len({place_in(key_id) for key_id in key_ids})
    where = f", in {places} connections" if places > 1 else ""
    return f"{len(key_ids):,} keys: {some}{more}{where}"


# The plan


def plan_summary(changes: Sequence[C], kind: ShownKind[C]) -> tuple[str, str]:
    """What will be sent, in a few sentences, and the style that suits them."""
    sent = [change for change in changes if change.will_be_sent]
    refused = [change for change in changes if change.refused]
    same = len(changes) - len(sent) - len(refused)
    if len(changes) == 1:
        return _summary_of_one(changes[0], kind)
    rest = [f"{number(same, 'key')} as wanted already"] if same else []
    if refused:
        rest.append(f"{number(len(refused), 'key')} refused, with the reason below")
    if not sent:
        return f"Nothing to send: {', '.join(rest)}.", "warn"
    counts = kind.counts(sent)
    words = f"{number(len(sent), 'key')} of {len(changes):,} will change; this {counts}."
    words += "".join(f" {part}." for part in rest)
    return words, "warn" if refused else ""


def _summary_of_one(change: C, kind: ShownKind[C]) -> tuple[str, str]:
    name = kind.store.name_of(change.key_id)
    if change.refused:
        return f"Nothing can be sent. {change.refused}", "bad"
    if change.is_empty and change.note:
        return "Nothing to send.", "warn"
    if change.is_empty:
        return f"Nothing to send: {name} {kind.as_wanted}.", "warn"
    return f"On {name} this {kind.counts([change])}.", ""


# The run


def run_summary(results: Iterable[RunResult[Any]]) -> tuple[str, str]:
    """How many keys ended how, and the style that suits it."""
    counts = Counter(result.outcome for result in results)
    total = sum(counts.values())
    order = [each for each in RunOutcome if each in counts]
    words = ", ".join(f"{counts[each]:,} {each.value}" for each in order)
    wrong = counts[RunOutcome.FAILED] + counts[RunOutcome.UNKNOWN]
    late = counts[RunOutcome.CANCELLED] + counts[RunOutcome.PROPAGATING] + counts[RunOutcome.UNREAD]
    style = "bad" if wrong else "warn" if late else "good"
    return f"{number(total, 'key')}: {words}.", style


def result_parts(result: RunResult[C], kind: ShownKind[C]) -> tuple[Part, Part]:
    """How far a key is, and what there is to know of it."""
    style = _OUTCOME_STYLES.get(result.outcome, "accent")
    outcome: Part = (result.outcome.value, style)
    if result.detail:
        # The key stands beside it.
        name = kind.store.name_of(result.change.key_id)
        return outcome, (result.detail.removeprefix(f"{name} "), style)
    if result.found is not None:
        return outcome, (f"now {kind.now(result)}", "")
    return outcome, (kind.line(result.change), "dim" if result.outcome.ended else "")


def about(change: C, result: RunResult[C] | None, kind: ShownKind[C]) -> str:
    """All there is to know of one key, in lines."""
    steps = (f"{symbol} {name}  {value}" for symbol, name, value in kind.steps(change))
    lines = [*steps, change.refused, change.note]
    if result is not None:
        lines += ["", f"Outcome: {result.outcome.value}"]
        lines += [result.detail] if result.detail not in lines else []
        if result.found is not None:
            lines += ["", *kind.all_found(result)]
    lines += ["", kind.all_seen(change.key_id)]
    return "\n".join(lines).strip() or "Nothing changes on this key."


# The AWS CLI


def cli_commands(changes: Iterable[C], kind: ShownKind[C], session: Session) -> str:
    """The changes as AWS CLI commands; a loop where many keys get the same."""
    sent = [change for change in changes if change.will_be_sent]
    connections = {each: place for place, each in enumerate(session.each)}

    def alike_by(change: C) -> tuple[int, str]:
        place = connections.get(session.of(change.key_id), 0)
        return place, repr([*kind.commands(change)])

    sent.sort(key=alike_by)
    lines = []
    for _, group in groupby(sent, key=alike_by):
        alike = list(group)
        info = session.of(alike[0].key_id).info
        key_ids = [change.key_id for change in alike]
        for words in kind.commands(alike[0]):
            if len(key_ids) == 1:
                lines.append(aws_command(info, words[0], "--key-id", key_ids[0], *words[1:]))
            else:
                lines.append(aws_loop(info, key_ids, words[0], words[1:]))
    return "\n".join(lines)
