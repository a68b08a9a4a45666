"""Tags as a person types or pastes them.

One line of words (`project=kmsworkshop "cost center=42"`), or lines of `k=v` and `k: v`, the
AWS CLI's shorthand (`TagKey=project,TagValue=x`), JSON as the AWS CLI prints it, or CSV.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kmstui.model.tag import Tag

MOST_TAGS = 50
"""Tags that a key can have. Source: KMS Developer Guide, "Quotas"."""
KEY_CHARACTERS = 128
VALUE_CHARACTERS = 256

_SIGNS = "_.:/=+-@"
_SHORTHAND = re.compile(r"TagKey=(?P<key>[^,]*),\s*TagValue=(?P<value>.*)", re.DOTALL)
_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"'])+""")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class TagProblem:
    """What is wrong with the text, and where: characters `start` up to `end`."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedTags:
    """What a text says, as far as it could be read."""

    tags: tuple[Tag, ...]
    problems: tuple[TagProblem, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    tag: Tag
    start: int
    end: int


def parse_tags(text: str) -> ParsedTags:
    """Read tags to put; never raises, since what cannot be read is a problem with its place."""
    problems: list[TagProblem] = []
    stripped = text.strip()
    if not stripped:
        return ParsedTags((), ())
    if stripped[0] in "{[":
        read = _from_json(text, problems)
    elif "\n" in stripped:
        read = _from_lines(text, problems)
    else:
        read = _from_words(text, problems)
    seen: dict[str, str] = {}
    tags: list[Tag] = []
    for each in read:
        for message in tag_problems(each.tag):
            problems.append(TagProblem(message, each.start, each.end))
        if each.tag.key in seen:
            if seen[each.tag.key] != each.tag.value:
                problems.append(
                    TagProblem(
                        f"the tag key {each.tag.key!r} is there twice with different values",
                        each.start,
                        each.end,
                    )
                )
            continue
        seen[each.tag.key] = each.tag.value
        tags.append(each.tag)
    if len(tags) > MOST_TAGS:
        problems.append(
            TagProblem(f"{len(tags)} tags, and a key can have {MOST_TAGS}", 0, len(text))
        )
    return ParsedTags(tuple(tags), tuple(problems))


def parse_tag_keys(text: str) -> tuple[tuple[str, ...], tuple[TagProblem, ...]]:
    """Read tag keys to remove: words, quoted where they hold spaces; `k=v` counts as `k`."""
    keys: dict[str, None] = {}
    problems: list[TagProblem] = []
    for word, start, end in _words(text, problems):
        key = word.partition("=")[0]
        if key:
            keys[key] = None
        else:
            problems.append(TagProblem(f"{word!r} has no tag key before its =", start, end))
    return tuple(keys), tuple(problems)


def tag_problems(tag: Tag) -> Iterator[str]:
    """What KMS would refuse in a tag. Source: KMS API Reference, Tag; "Tagging keys"."""
    yield from tag_key_problems(tag.key)
    if len(tag.value) > VALUE_CHARACTERS:
        length = len(tag.value)
        yield f"the value of {tag.key!r} has {length} characters, {VALUE_CHARACTERS} at most"
    if bad := _bad_character(tag.value):
        yield f"the value of {tag.key!r} holds {bad}, which tags cannot"


def tag_key_problems(key: str) -> Iterator[str]:
    """What KMS would refuse in a tag key."""
    if not key:
        yield "a tag needs a key before its value"
    if len(key) > KEY_CHARACTERS:
        yield f"the tag key {key[:20]!r}… has {len(key)} characters, {KEY_CHARACTERS} at most"
    if key.lower().startswith("aws:"):
        yield f"the tag key {key!r} begins with aws:, which is AWS's own"
    if bad := _bad_character(key):
        yield f"the tag key {key!r} holds {bad}, which tags cannot"


def _bad_character(text: str) -> str:
    for character in text:
        if not (character.isalnum() or character == " " or character in _SIGNS):
            return f"{character!r} (U+{ord(character):04X})"
    return ""


def _words(text: str, problems: list[TagProblem]) -> Iterator[tuple[str, int, int]]:
    for match in _WORD.finditer(text):
        raw = match.group()
        for part in re.findall(r""""(?:[^"\\]|\\.)*"?|'[^']*'?""", raw):
            if len(part) < 2 or part[-1] != part[0]:
                problems.append(TagProblem("the quote is not closed", match.start(), match.end()))
        yield _unquoted(raw), match.start(), match.end()


def _unquoted(raw: str) -> str:
    def plain(match: re.Match[str]) -> str:
        part = match.group()
        if part[0] == '"':
            return _ESCAPE.sub(r"\1", part.removeprefix('"').removesuffix('"'))
        return part.strip("'")

    return re.sub(r""""(?:[^"\\]|\\.)*"?|'[^']*'?""", plain, raw)


def _from_words(text: str, problems: list[TagProblem]) -> Iterator[_Read]:
    words = list(_words(text, problems))
    shorthand = [_SHORTHAND.fullmatch(word) for word, _, _ in words]
    for (word, start, end), match in zip(words, shorthand, strict=True):
        if match is not None:
            yield _Read(Tag(match["key"], match["value"]), start, end)
        elif "=" in word:
            key, _, value = word.partition("=")
            yield _Read(Tag(key, value), start, end)
        else:
            problems.append(
                TagProblem(f"{word!r} has no value: write {word}=VALUE, or {word}=", start, end)
            )


def _from_lines(text: str, problems: list[TagProblem]) -> Iterator[_Read]:
    lines = list(_lines(text))
    if _is_csv([line for line, _ in lines]):
        yield from _from_csv(lines, problems)
        return
    for line, start in lines:
        end = start + len(line)
        match = _SHORTHAND.fullmatch(line)
        equal, colon = line.find("="), line.find(": ")
        if match is not None:
            yield _Read(Tag(match["key"], match["value"]), start, end)
        elif equal >= 0 and (colon < 0 or equal < colon):
            yield _Read(Tag(_bare(line[:equal]), _bare(line[equal + 1 :])), start, end)
        elif colon >= 0:
            yield _Read(Tag(_bare(line[:colon]), _bare(line[colon + 1 :])), start, end)
        elif line.endswith(":"):
            yield _Read(Tag(_bare(line[:-1]), ""), start, end)
        else:
            problems.append(TagProblem(f"{line!r} is neither k=v nor k: v", start, end))


def _lines(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    for line in text.splitlines(keepends=True):
        content = line.strip()
        if content and not content.startswith("#"):
            yield content, at + line.index(content[0])
        at += len(line)


def _bare(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _is_csv(lines: Sequence[str]) -> bool:
    return all("," in line and "=" not in line.split(",")[0] for line in lines)


def _from_csv(lines: Iterable[tuple[str, int]], problems: list[TagProblem]) -> Iterator[_Read]:
    for number, (line, start) in enumerate(lines):
        fields = next(csv.reader(io.StringIO(line), skipinitialspace=True))
        end = start + len(line)
        if number == 0 and [field.lower() for field in fields[:2]] in (
            ["key", "value"],
            ["tagkey", "tagvalue"],
            ["tag key", "tag value"],
        ):
            continue
        if len(fields) == 2:
            yield _Read(Tag(fields[0].strip(), fields[1].strip()), start, end)
        else:
            problems.append(
                TagProblem(f"{line!r} has {len(fields)} columns instead of 2", start, end)
            )


def _from_json(text: str, problems: list[TagProblem]) -> Iterator[_Read]:
    whole = (0, len(text))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else 0
        problems.append(TagProblem(f"not valid JSON: {error}", at, len(text)))
        return
    if isinstance(value, dict) and isinstance(value.get("Tags"), list):
        value = value["Tags"]
    items: Iterable[tuple[object, object]]
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = [_pair(item) for item in value]
    else:
        items = []
    for key, content in items:
        if isinstance(key, str) and isinstance(content, str):
            at = text.find(json.dumps(key, ensure_ascii=False))
            place = (at, at + len(key) + 2) if at >= 0 else whole
            yield _Read(Tag(key, content), *place)
        else:
            problems.append(TagProblem("each tag needs a TagKey and a TagValue, both text", *whole))


def _pair(item: object) -> tuple[object, object]:
    if not isinstance(item, dict):
        return None, None
    return item.get("TagKey", item.get("Key")), item.get("TagValue", item.get("Value", ""))
