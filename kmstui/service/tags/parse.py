"""Tags as a person types or pastes them.

One line of words (`project=kmsworkshop "cost center=42"`), or lines of `k=v` and `k: v`, the
AWS CLI's shorthand (`TagKey=project,TagValue=x`), JSON as the AWS CLI prints it, or CSV.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kmstui.model import Tag

MOST_TAGS = 50
"""Tags that a key can have. Source: KMS Developer Guide, "Quotas"."""
KEY_CHARACTERS = 128
VALUE_CHARACTERS = 256

_SIGNS = frozenset("_.:/=+-@")
_SHORTHAND = re.compile(r"(?:Tag)?Key=(?P<key>[^,]*),\s*(?:Tag)?Value=(?P<value>.*)", re.DOTALL)
_QUOTED = r""""(?:[^"\\]|\\.)*"?|'[^']*'?"""
_QUOTE = re.compile(_QUOTED, re.DOTALL)
_CLOSED = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""", re.DOTALL)
_WORD = re.compile(rf"""(?:{_QUOTED}|[^\s"'])+""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


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
    elif len(stripped.splitlines()) > 1 or ("=" not in stripped and ": " in stripped):
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
                        f"the tag key {_short(each.tag.key)!r} is given twice with different"
                        " values",
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


def parse_tag_keys(
    text: str, known: Collection[str] = ()
) -> tuple[tuple[str, ...], tuple[TagProblem, ...]]:
    """Read tag keys to remove: words, quoted where they hold spaces; `k=v` counts as `k`.

    A tag key may hold `=` itself: a word that is one of the `known` tag keys is taken whole.
    """
    keys: dict[str, None] = {}
    problems: list[TagProblem] = []
    for word, start, end in words_of(text, problems):
        key = word if word in known else word.partition("=")[0]
        problems += [TagProblem(message, start, end) for message in tag_key_problems(key)]
        keys[key] = None
    return tuple(keys), tuple(problems)


def written(tag: Tag) -> str:
    """A tag as `parse_tags` reads it again, in one word."""
    if "=" in tag.key:
        return json.dumps({tag.key: tag.value}, ensure_ascii=False)
    text = f"{tag.key}={tag.value}"
    return f'"{text}"' if _WORD.fullmatch(text) is None else text


def tag_problems(tag: Tag) -> Iterator[str]:
    """What KMS would refuse in a tag. Source: KMS API Reference, Tag; "Tagging keys"."""
    yield from tag_key_problems(tag.key)
    if len(tag.value) > VALUE_CHARACTERS:
        has = f"has {len(tag.value)} characters, {VALUE_CHARACTERS} at most"
        yield f"the value of {_short(tag.key)!r} {has}"
    if bad := _bad_character(tag.value):
        yield f"the value of {_short(tag.key)!r} holds {bad}, which tags do not allow"


def tag_key_problems(key: str) -> Iterator[str]:
    """What KMS would refuse in a tag key."""
    if not key:
        yield "a tag needs a key before its value"
    if len(key) > KEY_CHARACTERS:
        yield f"the tag key {key[:20]!r}… has {len(key)} characters, {KEY_CHARACTERS} at most"
    if key.lower().startswith("aws:"):
        yield f"the tag key {_short(key)!r} begins with aws:, which is AWS's own"
    if bad := _bad_character(key):
        yield f"the tag key {_short(key)!r} holds {bad}, which tags do not allow"


def _short(word: str) -> str:
    """A word in a sentence, which shall have room for the rest: a paste may be one word."""
    return word if len(word) <= KEY_CHARACTERS else f"{word[:20]}…"


def _bad_character(text: str) -> str:
    r"""The first character that KMS's pattern `[\p{L}\p{Z}\p{N}_.:/=+\-@]*` leaves out."""
    for character in text:
        if character not in _SIGNS and unicodedata.category(character)[0] not in "LZN":
            return f"{character!r} (U+{ord(character):04X})"
    return ""


def words_of(text: str, problems: list[TagProblem]) -> Iterator[tuple[str, int, int]]:
    """The words of a line without their quotes, each with where it begins and ends."""
    for match in _WORD.finditer(text):
        raw = match.group()
        if any(_CLOSED.fullmatch(quote) is None for quote in _QUOTE.findall(raw)):
            problems.append(TagProblem("the quote is not closed", match.start(), match.end()))
        yield _unquoted(raw), match.start(), match.end()


def word_at(text: str, cursor: int) -> tuple[int, int, str] | None:
    """Where the word at the cursor of a line begins and ends, and what it says before the cursor.

    None in a text of another form, such as JSON or many lines.
    """
    if "\n" in text or text.lstrip()[:1] in ("{", "["):
        return None
    for match in _WORD.finditer(text):
        if match.start() <= cursor <= match.end():
            return match.start(), match.end(), _unquoted(text[match.start() : cursor])
    return cursor, cursor, ""


def _unquoted(raw: str) -> str:
    def plain(match: re.Match[str]) -> str:
        part = match.group()
        if part[0] == '"':
            return _ESCAPE.sub(r"\1", part.removeprefix('"').removesuffix('"'))
        return part.strip("'")

    return _QUOTE.sub(plain, raw)


def _from_words(text: str, problems: list[TagProblem]) -> Iterator[_Read]:
    words = list(words_of(text, problems))
    shorthand = [_SHORTHAND.fullmatch(word) for word, _, _ in words]
    for (word, start, end), match in zip(words, shorthand, strict=True):
        if match is not None:
            yield _Read(Tag(match["key"], match["value"]), start, end)
        elif "=" in word:
            key, _, value = word.partition("=")
            yield _Read(Tag(key, value), start, end)
        else:
            problems.append(
                TagProblem(
                    f"{_short(word)!r} has no value: write {_short(word)}=VALUE,"
                    f" or {_short(word)}=",
                    start,
                    end,
                )
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
            problems.append(TagProblem(f"{_short(line)!r} is neither k=v nor k: v", start, end))


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
                TagProblem(f"{_short(line)!r} has {len(fields)} columns instead of 2", start, end)
            )


def _from_json(text: str, problems: list[TagProblem]) -> Iterator[_Read]:
    whole = (0, len(text))
    try:
        value = json.loads(text, object_pairs_hook=_Members)
    except (ValueError, RecursionError) as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else 0
        problems.append(TagProblem(f"not valid JSON: {error}", min(at, len(text) - 1), len(text)))
        return
    if isinstance(value, _Members) and isinstance(tags := dict(value).get("Tags"), list):
        value = tags
    items: list[tuple[object, object]]
    if isinstance(value, _Members):
        items = [(key, content) for key, content in value]
    else:
        items = [_pair(item) for item in value]
    if not items:
        problems.append(TagProblem("there are no tags in it", *whole))
    searched_to = 0
    for key, content in items:
        if not (isinstance(key, str) and isinstance(content, str)):
            problems.append(TagProblem("each tag needs a TagKey and a TagValue, both text", *whole))
            continue
        place = whole
        for spelling in (json.dumps(key, ensure_ascii=False), json.dumps(key)):
            at = text.find(spelling, searched_to)
            if at >= 0:
                place = (at, searched_to := at + len(spelling))
                break
        yield _Read(Tag(key, content), *place)


class _Members(list[tuple[str, object]]):
    """The members of a JSON object, those with the same name included."""


def _pair(item: object) -> tuple[object, object]:
    if not isinstance(item, _Members):
        return None, None
    members = dict(item)
    return members.get("TagKey", members.get("Key")), members.get(
        "TagValue", members.get("Value", "")
    )
