"""Strings and words of a policy text, read the way their writer meant them.

Strict JSON (RFC 8259, as Python's `json` reads it) comes out unchanged and without a problem;
everything else comes out as the likeliest reading, with a problem that says what is wrong.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

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

CONTROL = "\\x00-\\x1f"
FOREIGN_QUOTES = "'`´\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f«»"
"""Quotes that JSON does not know and that editors, chats and other languages put in."""

_SELF_CLOSING = "'`"
"""Quotes that open and close alike; of the others, any closes any."""

_CHUNK = re.compile(f'[^"\\\\{CONTROL}]*')
_CONTROLS = re.compile(f"[{CONTROL} ]+")
_HEX = re.compile("[0-9A-Fa-f]{4}")
_CLOSES = re.compile(r"[ \t\r\n]*(?:[,:\]}]|\Z)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+\Z")
_DELIMITERS = r"\s,:{}\[\]\"=;" + FOREIGN_QUOTES
_WORD = re.compile(f"[^{_DELIMITERS}]+")
_COLONED_WORD = re.compile(f"[^{_DELIMITERS}]+(?::+[^{_DELIMITERS}]+)*")
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


class Scanned(NamedTuple):
    """What was read: the node and the problems on the way. The node's span ends where to go on."""

    node: Node
    problems: tuple[SyntaxProblem, ...] = ()


to_json = json.JSONEncoder(ensure_ascii=False).encode
"""A value as JSON, other characters than ASCII left as they are. `json.dumps` makes an encoder at
each call, and a policy with hundreds of mistakes has as many fixes."""


def quoted(value: str) -> str:
    """`value` as a JSON string, other characters than ASCII left as they are."""
    return to_json(value)


def scan_string(text: str, start: int) -> tuple[StringNode, tuple[SyntaxProblem, ...]]:
    """Read the string whose double quote stands at `start`; never fails."""
    return _StringScan(text, start).read()


class _StringScan:
    """One string being read."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.at = start + 1
        self.parts: list[str] = []
        self.problems: list[SyntaxProblem] = []

    def read(self) -> tuple[StringNode, tuple[SyntaxProblem, ...]]:
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

    def _done(self, end: int) -> tuple[StringNode, tuple[SyntaxProblem, ...]]:
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
            replacement = letter if letter in "'`$*" else "\\\\" + letter
            self.problems.append(
                SyntaxProblem(
                    "KMS006",
                    f"\\{letter} is no escape that JSON knows",
                    Span(at, at + 2),
                    Fix(f"Write {replacement}", (Edit(Span(at, at + 2), replacement),)),
                )
            )
            self.parts.append(letter if letter in "'`$*" else "\\" + letter)
            self.at = at + 2

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

    def _unclosed(self) -> tuple[StringNode, tuple[SyntaxProblem, ...]]:
        raw = self.text[self.start + 1 : self.at]
        kept = raw.rstrip()
        kept = kept.rstrip(",").rstrip()
        for bracket in "]}":
            if kept.endswith(bracket) and bracket not in "".join(self.parts)[:-1]:
                kept = kept[:-1].rstrip()
        end = self.start + 1 + len(kept)
        value = "".join(self.parts)[: len(kept)] if not self.problems else kept
        self.problems.append(
            SyntaxProblem(
                "KMS001",
                f"The string {quoted(kept[:60])[:-1]} is not closed",
                Span(self.start, end),
                Fix("Close the string", (Edit(Span(end, end), '"'),)),
            )
        )
        return StringNode(value, Span(self.start, end)), tuple(self.problems)

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
            replacement = quoted(text[at])[1:-1]
            message = f"A string must not hold the bare control character U+{ord(text[at]):04X}"
            title = f"Write {replacement}"
            self.parts.append(text[at])
        span = Span(at, end)
        fix = Fix(title, (Edit(span, replacement),))
        self.problems.append(SyntaxProblem("KMS006", message, span, fix))
        self.at = end


def scan_foreign_string(text: str, start: int) -> tuple[StringNode, tuple[SyntaxProblem, ...]]:
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
    problem = SyntaxProblem(
        "KMS005",
        f"JSON strings stand in double quotes, not {opening}",
        span,
        Fix("Use double quotes", (Edit(span, quoted(value)),)),
    )
    return StringNode(value, span), (problem,)


def scan_name(text: str, start: int) -> tuple[StringNode, tuple[SyntaxProblem, ...]] | None:
    """Read a member name without quotes at `start`; None where none stands there."""
    for pattern in (_COLONED_WORD, _WORD):
        match = pattern.match(text, start)
        if match is not None and _follows_colon(text, match.end()):
            return _bare_string(text, match.group(), start)
        if match is not None and text.startswith('"', match.end()):
            return _bare_string(text, match.group(), start)
    return None


def _follows_colon(text: str, at: int) -> bool:
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return text[at : at + 1] in (":", "=")


def scan_word(text: str, start: int) -> Scanned | None:
    """Read a literal, a number or a string without quotes at `start`; None where none stands."""
    match = _COLONED_WORD.match(text, start)
    if match is None:
        return None
    word = match.group()
    span = Span(start, match.end())
    if word in _LITERALS:
        return Scanned(LiteralNode(_LITERALS[word], span))
    if _NUMBER.match(word):
        return Scanned(NumberNode(number(word), span))
    return _foreign_word(word, span) or Scanned(*_bare_string(text, word, start))


def _foreign_word(word: str, span: Span) -> Scanned | None:
    """A literal or number as other languages write it; None where it is neither."""
    lower = word.lower()
    if lower in _FOREIGN_LITERALS:
        written, value = _FOREIGN_LITERALS[lower]
        # No element of a policy takes null, so writing it would mend nothing.
        fix = None if value is None else Fix(f"Write {written}", (Edit(span, written),))
        problem = SyntaxProblem("KMS006", f"{word} is not JSON", span, fix)
        return Scanned(LiteralNode(value, span), (problem,))
    if lower in _NOT_NUMBERS:
        problem = SyntaxProblem("KMS006", f"{word} is no number in JSON", span)
        return Scanned(ErrorNode(span), (problem,))
    if word[0] in "+.-0123456789" and _looks_numeric(word):
        fix = Fix("Quote it", (Edit(span, quoted(word)),))
        message = f"{word[:60]} is not how JSON writes a number"
        return Scanned(StringNode(word, span), (SyntaxProblem("KMS006", message, span, fix),))
    return None


def _looks_numeric(word: str) -> bool:
    return re.fullmatch(r"[-+.0-9eExXa-fA-F_]+", word) is not None


def _bare_string(text: str, word: str, start: int) -> tuple[StringNode, tuple[SyntaxProblem, ...]]:
    end = start + len(word)
    if text.startswith('"', end) and _CLOSES.match(text, end + 1):
        span = Span(start, end + 1)
        message, title = f"{word} lacks its opening quote", "Insert the quote"
    else:
        span = Span(start, end)
        message, title = f"{word} must stand in double quotes", "Quote it"
    fix = Fix(title, (Edit(span, quoted(word)),))
    return StringNode(word, span), (SyntaxProblem("KMS005", message, span, fix),)


def number(word: str) -> int | float:
    """The value of a JSON number; beyond Python's limit of digits, the nearest float."""
    if not any(mark in word for mark in ".eE"):
        try:
            return int(word)
        except ValueError:
            return float(word)
    return float(word)
