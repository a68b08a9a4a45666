"""What a change of tags does and did, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from kmstui.model import Tag
from kmstui.service.inventory import Store
from kmstui.service.session import Session
from kmstui.service.tags import TagChange, TagDecisions, TagOutcome, TagResult, written
from kmstui.ui.commands import aws_command, aws_loop
from kmstui.ui.style import Part, Symbols

OUTCOME_STYLES = {
    TagOutcome.DONE: "good",
    TagOutcome.PROPAGATING: "warn",
    TagOutcome.UNREAD: "warn",
    TagOutcome.FAILED: "bad",
    TagOutcome.UNKNOWN: "bad",
    TagOutcome.CANCELLED: "warn",
    TagOutcome.REFUSED: "warn",
    TagOutcome.UNCHANGED: "dim",
    TagOutcome.WAITING: "dim",
}


def number(count: int, noun: str) -> str:
    """`1 key`, `2 keys`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def names_of(store: Store, key_ids: Sequence[str]) -> str:
    """Some keys, as many as a line holds."""
    if len(key_ids) == 1:
        return store.name_of(key_ids[0])
    some = ", ".join(store.bare_name(key_id) for key_id in key_ids[:4])
    more = f" and {len(key_ids) - 4:,} more" if len(key_ids) > 4 else ""
    return f"{len(key_ids):,} keys: {some}{more}"


def tags_text(tags: Iterable[Tag]) -> str:
    """Tags on one line, as they could be typed."""
    return " ".join(written(tag) for tag in tags)


# The plan


def steps_of(change: TagChange, symbols: Symbols) -> list[tuple[str, str, str]]:
    """Each tag that changes: sign, tag key, and what becomes of its value."""
    old = dict(change.before)
    steps = []
    for name, value in change.after:
        before = old[name]
        if value is None:
            steps.append(("-", name, f"was {before!r}" if before else "was empty"))
        elif before is None:
            steps.append(("+", name, value))
        else:
            steps.append(("~", name, f"{before or '(empty)'} {symbols.arrow} {value or '(empty)'}"))
    return steps


def step_line(change: TagChange, symbols: Symbols) -> str:
    """All steps on one line."""
    words = []
    for symbol, name, value in steps_of(change, symbols):
        if symbol == "-":
            words.append(f"-{name}")
        elif symbol == "+":
            words.append(f"+{name}={value}")
        else:
            words.append(f"~{name}: {value}")
    return "  ".join(words)


def plan_summary(changes: Sequence[TagChange], store: Store) -> tuple[str, str]:
    """What will be sent, in a few sentences, and the style that suits them."""
    sent = [change for change in changes if change.will_be_sent]
    refused = [change for change in changes if change.refused]
    same = len(changes) - len(sent) - len(refused)
    if len(changes) == 1:
        return _summary_of_one(changes[0], store)
    rest = [f"{number(same, 'key')} as wanted already"] if same else []
    if refused:
        rest.append(f"{number(len(refused), 'key')} refused, with the reason below")
    if not sent:
        return f"Nothing to send: {', '.join(rest)}.", "warn"
    words = f"{number(len(sent), 'key')} of {len(changes):,} will change; this {_counts(sent)}."
    words += "".join(f" {part}." for part in rest)
    return words, "warn" if refused else ""


def _summary_of_one(change: TagChange, store: Store) -> tuple[str, str]:
    name = store.name_of(change.key_id)
    if change.refused:
        return f"Nothing can be sent. {change.refused}", "bad"
    if change.is_empty and change.note:
        return "Nothing to send.", "warn"
    if change.is_empty:
        return f"Nothing to send: {name} has the tags as wanted already.", "warn"
    return f"On {name} this {_counts([change])}.", ""


def _counts(changes: Sequence[TagChange]) -> str:
    counts = (
        ("adds", "tag", sum(len(change.added) for change in changes)),
        ("changes", "value", sum(len(change.changed) for change in changes)),
        ("removes", "tag", sum(len(change.remove) for change in changes)),
    )
    return ", ".join(f"{verb} {number(count, noun)}" for verb, noun, count in counts if count)


def access_warning(found: TagDecisions, store: Store) -> str:
    """A word on attribute-based access control, where IAM policies decide by a tag that changes."""
    if not found.key_ids:
        return ""
    who, *others = found.identities
    if others:
        who += f" and {len(others)} more"
    which = store.name_of(found.key_ids[0])
    if len(found.key_ids) > 1:
        which += f" and {number(len(found.key_ids) - 1, 'other key')}"
    several = len(found.tags) > 1
    one = found.looked_at == 1
    looked_at = "one role or user" if one else f"{found.looked_at:,} roles and users"
    return (
        f"IAM policies of {who} decide by the tag{'s' if several else ''} {', '.join(found.tags)}"
        f" of {which} (aws:ResourceTag): this changes who may use it, some minutes after it is"
        f" sent. Looked at: the {looked_at} read for Access."
    )


# The run


def run_summary(results: Iterable[TagResult]) -> tuple[str, str]:
    """How many keys ended how, and the style that suits it."""
    counts = Counter(result.outcome for result in results)
    total = sum(counts.values())
    order = [each for each in TagOutcome if each in counts]
    words = ", ".join(f"{counts[each]:,} {each.value}" for each in order)
    wrong = counts[TagOutcome.FAILED] + counts[TagOutcome.UNKNOWN]
    late = counts[TagOutcome.CANCELLED] + counts[TagOutcome.PROPAGATING] + counts[TagOutcome.UNREAD]
    style = "bad" if wrong else "warn" if late else "good"
    return f"{number(total, 'key')}: {words}.", style


def result_parts(result: TagResult, store: Store, symbols: Symbols) -> tuple[Part, Part]:
    """How far a key is, and what there is to know of it."""
    style = OUTCOME_STYLES.get(result.outcome, "accent")
    outcome: Part = (result.outcome.value, style)
    if result.detail:
        # The key stands beside it.
        name = store.name_of(result.change.key_id)
        return outcome, (result.detail.removeprefix(f"{name} "), style)
    if result.tags is not None:
        return outcome, (f"now {tags_text(result.tags) or 'without tags'}", "")
    return outcome, (step_line(result.change, symbols), "dim" if result.outcome.ended else "")


def about(change: TagChange, result: TagResult | None, symbols: Symbols) -> str:
    """All there is to know of one key, in lines."""
    steps = (f"{symbol} {tag}  {value}" for symbol, tag, value in steps_of(change, symbols))
    lines = [*steps, change.refused, change.note]
    if result is not None:
        lines += ["", f"Outcome: {result.outcome.value}"]
        lines += [result.detail] if result.detail not in lines else []
        if result.tags is not None:
            lines += ["", "The key now has these tags:" if result.tags else "It has no tags now."]
            lines += [written(tag) for tag in result.tags]
    return "\n".join(lines).strip() or "Nothing changes on this key."


def now_holds(result: TagResult, store: Store) -> str:
    """What a key was found to hold after its change, as a sentence."""
    change = result.change
    parts = []
    if change.put:
        parts.append(f"now has {tags_text(change.put)}")
    if change.remove:
        parts.append(f"has no tag {', '.join(change.remove)} any more")
    count = len(result.tags or ())
    return f"{store.name_of(change.key_id)} {' and '.join(parts)} ({number(count, 'tag')} in all)."


# The AWS CLI


def cli_commands(changes: Iterable[TagChange], session: Session) -> str:
    """The changes as AWS CLI commands; a loop where many keys get the same.

    Tags are written as JSON: the short form would read some of their characters otherwise.
    """
    sent = [change for change in changes if change.will_be_sent]
    connections = {each: number for number, each in enumerate(session.each)}

    def alike_by(change: TagChange) -> tuple[int, str]:
        return connections.get(session.of(change.key_id), 0), repr(change.after)

    sent.sort(key=alike_by)
    lines = []
    for _, group in groupby(sent, key=alike_by):
        alike = list(group)
        info = session.of(alike[0].key_id).info
        key_ids = [change.key_id for change in alike]
        for words in _words_of(alike[0]):
            if len(key_ids) == 1:
                lines.append(aws_command(info, words[0], "--key-id", key_ids[0], *words[1:]))
            else:
                lines.append(aws_loop(info, key_ids, words[0], words[1:]))
    return "\n".join(lines)


def _words_of(change: TagChange) -> Iterable[Sequence[str]]:
    if change.put:
        tags = [{"TagKey": tag.key, "TagValue": tag.value} for tag in change.put]
        yield "tag-resource", "--tags", json.dumps(tags, ensure_ascii=False)
    if change.remove:
        names = json.dumps(list(change.remove), ensure_ascii=False)
        yield "untag-resource", "--tag-keys", names
