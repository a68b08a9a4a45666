"""Laying JSON out: indents, formatting and what a paste becomes.

Everything here works on tokens and keeps each of them as written: duplicate members, spelling of
numbers, escapes and whatever is wrong stay in the text; only white space outside strings changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise

DEFAULT_INDENT = "    "

DEEPEST = 64
"""Brackets in one another to which a text is laid out; a policy has eight. Each line of one more is
longer by a step: 20,000 brackets would become a gigabyte of blanks."""

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[{}\[\],:]|//[^\n]*|[^\s{}\[\],:"]+')
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\\n]|\\.)*"?|//[^\n]*|[{}\[\]]')
_CLOSED_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_OPENING = "{["
_CLOSING = "}]"


def detect_indent(text: str) -> str:
    """One step of indentation as the text has it; four spaces where it shows none."""
    match = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return match[1] if match and len(match[1]) <= 8 else DEFAULT_INDENT


def leading_space(line: str) -> str:
    """The white space that a line begins with."""
    return line[: len(line) - len(line.lstrip())]


def depth_at(text: str, offset: int) -> int:
    """How many brackets are open at `offset`."""
    tokens = _STRING_OR_BRACKET.findall(text, 0, offset)
    opened = tokens.count("{") + tokens.count("[")
    return max(0, opened - tokens.count("}") - tokens.count("]"))


def _depth_change(token: str) -> int:
    return (token in ("{", "[")) - (token in ("}", "]"))


def _is_too_deep(tokens: Iterable[str]) -> bool:
    return max(accumulate(map(_depth_change, tokens)), default=0) > DEEPEST


def format_json(text: str, indent: str = DEFAULT_INDENT) -> str:
    """The text with one member or item a line; the tokens stay as they are.

    A text nested deeper than `DEEPEST` is returned as it is.
    """
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    if _is_too_deep(tokens):
        return text
    body = "".join(_laid_out(tokens, indent))
    return body + "\n" if text.endswith("\n") else body


def pretty(text: str, indent: str = DEFAULT_INDENT) -> str:
    """The text with one member or item a line; as it is where it is not valid JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return format_json(text, indent)


def _laid_out(tokens: list[str], indent: str) -> Iterator[str]:
    depth = 0
    for piece, following in pairwise([*tokens, ""]):
        yield piece
        depth = max(0, depth + _depth_change(piece))
        if not following:
            return
        if piece[0] == '"' and not _CLOSED_STRING.fullmatch(piece):
            # What follows on its line would become part of it.
            yield "\n" + indent * depth
            continue
        if piece in _OPENING and following in _CLOSING:
            continue
        if following in _CLOSING:
            yield "\n" + indent * max(0, depth - 1)
        elif piece in (*_OPENING, ",") or piece.startswith("//"):
            yield "\n" + indent * depth
        elif piece == ":":
            yield " "
        elif following not in ",:":
            # Two values side by side: something is missing here, and it must stay visible.
            yield "\n" + indent * depth


def unwrapped(text: str) -> str:
    """The policy inside what AWS tools print around it; `text` itself where there is none.

    Known wrappings: the AWS CLI's `{"Policy": "…"}` (GetKeyPolicy) and its member alone, IAM's
    `{"PolicyDocument": {…}}`, a JSON string, and such a string's inside without its quotes.
    """
    stripped = text.strip()
    for candidate in (stripped, "{" + stripped.rstrip(",") + "}", f'"{stripped}"'):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            value = value.get("Policy", value.get("PolicyDocument"))
            if isinstance(value, dict):
                return json.dumps(value, indent=DEFAULT_INDENT, ensure_ascii=False)
        # Without an escape in it, the inside of a string is the text itself.
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") and value != stripped:
            return value
        if candidate is stripped:
            # It is JSON already, and wraps nothing.
            return text
    return text


def pasted(paste: str, text: str, start: int, end: int) -> tuple[str, int]:
    """What to insert for a paste over `start`…`end` of `text`, and where it begins.

    It is unwrapped and indented to fit; blanks before it on its line are replaced too.
    """
    paste = paste.replace("\r\n", "\n").replace("\r", "\n")
    policy = unwrapped(paste)
    indent = detect_indent(text) if text[:start].strip() else detect_indent(policy)
    if policy is not paste or _is_long_json(policy):
        policy = format_json(policy, indent)
    if "\n" not in policy:
        return policy, start
    line_start = text.rfind("\n", 0, start) + 1
    lines = policy.strip("\n").split("\n")
    depth = depth_at(text, start)
    if not _is_too_deep(("[",) * depth + tuple(_STRING_OR_BRACKET.findall(policy))):
        lines = _indented(lines, indent, depth)
    if text[line_start:start].strip():
        lines[0] = lines[0].lstrip()
    else:
        start = line_start
    tail = "\n" if policy.endswith("\n") and text[end : end + 1] not in ("", "\n") else ""
    return "\n".join(lines) + tail, start


def _is_long_json(text: str) -> bool:
    if "\n" in text.strip() or len(text) < 80:
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _indented(lines: list[str], indent: str, depth: int) -> list[str]:
    result = []
    for line in lines:
        content = line.strip()
        tokens = [match[0] for match in _TOKEN.finditer(content)]
        leading = next((n for n, token in enumerate(tokens) if token not in _CLOSING), len(tokens))
        result.append(indent * max(0, depth - leading) + content if content else "")
        depth = max(0, depth + sum(map(_depth_change, tokens)))
    return result
