"""Strings and words of a policy text, read the way their writer meant them.

Strict JSON (RFC 8259, as Python's `json` reads it) comes out unchanged and without a problem;
everything else comes out as the likeliest reading, with a problem that says what is wrong.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add

from kmstui.model import late_pattern
from kmstui.policy.syntax.nodes import (
    Edit,
    ErrorNode,
    Fix,
    LiteralNode,
    Node,
    NumberNode,
    Span,
    StringNode,
    SyntaxProblem,
)

BLANKS = " \t\r\n"
"""Those of JSON."""
_MARK = late_pattern(f"[^{BLANKS}]")
_LONGEST_REMEMBERED = 200
_CONTROL = "\\x00-\\x1f"
PLAIN_STRING = late_pattern(f'"([^"\\\\{_CONTROL}]*+)"')
"""A string without escapes."""
FOREIGN_QUOTES = "'`´\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f«»"
"""Quotes that JSON does not know and that editors, chats and other languages put in."""

_SELF_CLOSING = "'`"
"""Quotes that open and close alike; of the others, any closes any."""

_CHUNK = late_pattern(f'[^"\\\\{_CONTROL}]*')
_CONTROLS = late_pattern(f"[{_CONTROL} ]+")
_HEX = late_pattern("[0-9A-Fa-f]{4}")
_CLOSES = late_pattern(r"[ \t\r\n]*(?:[,:\]}]|\Z)")
_new = tuple.__new__
"""Makes a named tuple in half the time of calling its class."""
_NUMBER = late_pattern(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+\Z")
_NAME_ENDS = late_pattern(r'"|[ \t]*[:=]')
_NUMERIC = late_pattern(r"[-+.0-9eExXa-fA-F_]+")
_DELIMITERS = r"\s,:{}\[\]\"=;" + FOREIGN_QUOTES
_WORD = late_pattern(f"[^{_DELIMITERS}]+")
_COLONED_WORD = late_pattern(f"[^{_DELIMITERS}]+(?::+[^{_DELIMITERS}]+)*")
_UP_TO_QUOTE = {
    quote: re.compile(f"[^\\n{quote if quote in _SELF_CLOSING else FOREIGN_QUOTES + chr(34)}]*")
    for quote in FOREIGN_QUOTES
}

_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_FOREIGN_LITERALS = {
    "true": ("true", True),
    "yes": ("true", True),
    "false": ("false", False),
    "no": ("false", False),
    "none": ("null", None),
    "null": ("null", None),
    "nil": ("null", None),
    "undefined": ("null", None),
}
_LITERALS = {"true": True, "false": False, "null": None}
_NOT_NUMBERS = {"nan", "-nan", "infinity", "-infinity", "inf", "-inf"}


Problems = tuple[SyntaxProblem, ...]
ScannedString = tuple[StringNode, Problems]
Scanned = tuple[Node, Problems]
"""What was read, and the problems on the way. The node's span ends where to go on."""


def mend(
    rule: str, message: str, span: Span, title: str, by: str, at: Span | None = None
) -> SyntaxProblem:
    """A problem that one edit removes: `by` in place of `at`, or of `span` itself."""
    return SyntaxProblem(rule, message, span, Fix(title, (Edit(at or span, by),)))


to_json = json.JSONEncoder(ensure_ascii=False).encode
"""A value as JSON, other characters than ASCII left as they are. `json.dumps` makes an encoder at
each call, and a policy with hundreds of mistakes has as many fixes."""


def scan_string(text: str, start: int) -> ScannedString:
    """Read the string whose double quote stands at `start`; never fails."""
    plain = PLAIN_STRING.match(text, start)
    if plain is not None:
        return StringNode(plain[1], Span(*plain.span())), ()
    return _StringScan(text, start).read()


class _StringScan:
    """One string being read."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.at = start + 1
        self.parts: list[str] = []
        self.problems: list[SyntaxProblem] = []

    def read(self) -> ScannedString:
        text = self.text
        while True:
            chunk = _CHUNK.match(text, self.at)
            if chunk is not None:
                self.parts.append(chunk.group())
                self.at = chunk.end()
            character = text[self.at : self.at + 1]
            if character == '"':
                return self._done(self.at + 1)
            if character == "\\":
                self._escape()
            elif not character or self._line_ends_it():
                return self._unclosed()
            else:
                self._controls()

    def _done(self, end: int) -> ScannedString:
        node = StringNode("".join(self.parts), Span(self.start, end))
        return node, tuple(self.problems)

    def _escape(self) -> None:
        text, at = self.text, self.at
        letter = text[at + 1 : at + 2]
        if letter in _ESCAPES and letter:
            self.parts.append(_ESCAPES[letter])
            self.at = at + 2
        elif letter == "u" and _HEX.match(text, at + 2):
            self._unicode_escape(at)
        elif not letter or letter in "\r\n":
            # A line continuation or the end of the text: the line break speaks for itself.
            self.at = at + 1
        else:
            kept = letter if letter in "'`$*" else "\\" + letter
            written = kept.replace("\\", "\\\\")
            message = f"\\{letter} is not an escape that JSON knows"
            self._mend(message, Span(at, at + 2), f"Write {written}", written)
            self.parts.append(kept)
            self.at = at + 2

    def _mend(self, message: str, span: Span, title: str, by: str) -> None:
        self.problems.append(mend("KMS006", message, span, title, by))

    def _unicode_escape(self, at: int) -> None:
        text = self.text
        code = int(text[at + 2 : at + 6], 16)
        self.at = at + 6
        if 0xD800 <= code <= 0xDBFF and text.startswith("\\u", self.at):
            low = _HEX.match(text, self.at + 2)
            if low is not None and 0xDC00 <= int(low.group(), 16) <= 0xDFFF:
                code = 0x10000 + ((code - 0xD800) << 10) + (int(low.group(), 16) - 0xDC00)
                self.at = low.end()
        self.parts.append(chr(code))

    def _line_ends_it(self) -> bool:
        """Whether the closing quote is missing on this line, rather than the line broken."""
        text = self.text
        if text[self.at] not in "\r\n":
            return False
        quote = text.find('"', self.at)
        return quote < 0 or _CLOSES.match(text, quote + 1) is None

    def _unclosed(self) -> ScannedString:
        raw = self.text[self.start + 1 : self.at]
        kept = raw.rstrip()
        kept = kept.rstrip(",").rstrip()
        for bracket in "]}":
            if kept.endswith(bracket) and bracket not in "".join(self.parts)[:-1]:
                kept = kept[:-1].rstrip()
        end = self.start + 1 + len(kept)
        value = "".join(self.parts)[: len(kept)] if not self.problems else kept
        span = Span(self.start, end)
        message = f"The string {to_json(kept[:60])[:-1]} is not closed"
        close = mend("KMS001", message, span, "Close the string", '"', Span(end, end))
        return StringNode(value, span), (*self.problems, close)

    def _controls(self) -> None:
        """Control characters inside the string, blanks around a line break included."""
        text = self.text
        at = self.at
        run = _CONTROLS.match(text, at)
        end = run.end() if run is not None else at + 1
        raw = text[at:end]
        if "\n" in raw or "\r" in raw:
            written = text[max(self.start + 1, at - 80) : at]
            blank = " " if " " in written.strip() and not written.endswith(" ") else ""
            message, title = "A string must not run over a line break", "Join the lines"
            self.parts.append(blank)
            replacement = blank
        else:
            end = at + 1
            replacement = to_json(text[at])[1:-1]
            message = f"A string must not hold the bare control character U+{ord(text[at]):04X}"
            title = f"Write {replacement}"
            self.parts.append(text[at])
        self._mend(message, Span(at, end), title, replacement)
        self.at = end


def scan_foreign_string(text: str, start: int) -> ScannedString:
    """Read a string that opens with a quote JSON does not know; it ends on its line at latest."""
    opening = text[start]
    inner = _UP_TO_QUOTE[opening].match(text, start + 1)
    value = inner.group() if inner is not None else ""
    end = start + 1 + len(value)
    if end < len(text) and text[end] != "\n":
        end += 1
    else:
        value = value.rstrip(" \t\r,]}")
        end = start + 1 + len(value)
    value = value.replace("\\'", "'")
    span = Span(start, end)
    message = f"JSON strings are written in double quotes, not {opening}"
    problem = mend("KMS005", message, span, "Use double quotes", to_json(value))
    return StringNode(value, span), (problem,)


def scan_name(text: str, start: int) -> ScannedString | None:
    """Read a member name without quotes at `start`; None where none stands there."""
    for pattern in (_COLONED_WORD, _WORD):
        match = pattern.match(text, start)
        if match is not None and _NAME_ENDS.match(text, match.end()):
            return _bare_string(text, match.group(), start)
    return None


def scan_word(text: str, start: int) -> Scanned | None:
    """Read a literal, a number or a string without quotes at `start`; None where none stands."""
    match = _COLONED_WORD.match(text, start)
    if match is None:
        return None
    word = match.group()
    span = Span(start, match.end())
    if word in _LITERALS:
        return LiteralNode(_LITERALS[word], span), ()
    if _NUMBER.match(word):
        return NumberNode(number(word), span), ()
    return _foreign_word(word, span) or _bare_string(text, word, start)


def _foreign_word(word: str, span: Span) -> Scanned | None:
    """A literal or number as other languages write it; None where it is neither."""
    lower = word.lower()
    if lower in _FOREIGN_LITERALS:
        written, value = _FOREIGN_LITERALS[lower]
        # No element of a policy takes null, so writing it would mend nothing.
        fix = None if value is None else Fix(f"Write {written}", (Edit(span, written),))
        problem = SyntaxProblem("KMS006", f"{word} is not JSON", span, fix)
        return LiteralNode(value, span), (problem,)
    if lower in _NOT_NUMBERS:
        return ErrorNode(span), (SyntaxProblem("KMS006", f"{word} is not a number in JSON", span),)
    if word[0] in "+.-0123456789" and _NUMERIC.fullmatch(word):
        message = f"{word[:60]} is not how JSON writes a number"
        problem = mend("KMS006", message, span, "Quote it", to_json(word))
        return StringNode(word, span), (problem,)
    return None


def _bare_string(text: str, word: str, start: int) -> ScannedString:
    end = start + len(word)
    if text.startswith('"', end) and _CLOSES.match(text, end + 1):
        span = Span(start, end + 1)
        message, title = f"{word[:60]} lacks its opening quote", "Insert the quote"
    else:
        span = Span(start, end)
        message, title = f"{word[:60]} must be in double quotes", "Quote it"
    return StringNode(word, span), (mend("KMS005", message, span, title, to_json(word)),)


def number(word: str) -> int | float:
    """The value of a JSON number; beyond Python's limit of digits, the nearest float."""
    if not any(mark in word for mark in ".eE"):
        try:
            return int(word)
        except ValueError:
            return float(word)
    return float(word)


class Tokens:
    """The strings without escapes, in the order written, and the gaps between them.

    Most of a policy is strings. To find them all by one regular expression, and to make their
    nodes by built-in functions alone, takes a third of the time of reading them one by one.

    Where quotes are amiss some of these are not strings; whoever reads takes only one that
    begins where a string is due.
    """

    def __init__(self, text: str) -> None:
        pieces = PLAIN_STRING.split(text)
        count = len(pieces) // 2
        bounds = list(accumulate(map(len, pieces)))
        self.starts = list(map(add, bounds[:-1:2], range(0, 2 * count, 2)))
        """Where each string begins, its quote included."""
        ends = map(add, bounds[1::2], range(2, 2 * count + 2, 2))
        spans = map(_new, repeat(Span), zip(self.starts, ends, strict=True))
        self.nodes: list[StringNode] = list(
            map(_new, repeat(StringNode), zip(pieces[1::2], spans, strict=True))
        )
        self.gaps = pieces[::2]
        """One before each string, and one behind the last."""
        kinds = {gap: gap.strip(BLANKS) for gap in set(self.gaps)}
        self.colons = {gap for gap, marks in kinds.items() if marks == ":"}
        """The gaps that are a colon, with blanks around it."""
        self.commas = {gap for gap, marks in kinds.items() if marks == ","}

    def index(self, at: int) -> int:
        """Which string begins at a character; -1 where none does."""
        found = bisect_left(self.starts, at)
        return found if found < len(self.starts) and self.starts[found] == at else -1


def marks(gap: str) -> Iterable[tuple[str, int]]:
    """The characters of a gap that are not blank, each with its offset."""
    return _remembered_marks(gap) if len(gap) <= _LONGEST_REMEMBERED else _found_marks(gap)


def _found_marks(gap: str) -> Iterator[tuple[str, int]]:
    return ((match.group(), match.start()) for match in _MARK.finditer(gap))


@lru_cache(maxsize=1024)
def _remembered_marks(gap: str) -> tuple[tuple[str, int], ...]:
    return tuple(_found_marks(gap))
