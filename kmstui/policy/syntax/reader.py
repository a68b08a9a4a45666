"""Reading JSON into a tree with spans: the strict part, which never looks back.

The reader holds an explicit stack instead of recursing, so that depth costs nothing. What it
cannot read it leaves to `recover`, which `recovery.py` supplies.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add

from kmstui.policy.syntax.nodes import (
    ArrayNode,
    Edit,
    ErrorNode,
    Fix,
    LiteralNode,
    Member,
    Node,
    NumberNode,
    ObjectNode,
    Span,
    StringNode,
    SyntaxProblem,
)
from kmstui.policy.syntax.scanner import CONTROL, number, scan_string

MOST_PROBLEMS = 1000
"""Problems recorded for one text; nobody reads more, and nonsense has one a character."""

_BLANKS = "[ \t\n\r]*+"
_QUOTED = f'"([^"\\\\{CONTROL}]*+)"{_BLANKS}'
_COMMA = f"(,{_BLANKS})?"
_BLANK = re.compile(_BLANKS)
_KEY = re.compile(f"{_QUOTED}:{_BLANKS}")
_STRING = re.compile(_QUOTED)
_CLOSER = {True: re.compile(f"}}{_BLANKS}{_COMMA}"), False: re.compile(f"]{_BLANKS}{_COMMA}")}
_ATOM = re.compile(
    r"(?:(true)|(false)|(null)|"
    r"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+))"
    r"(?=[,\]} \t\n\r]|\Z)"
)
_ATOM_VALUES = (None, True, False, None)
_new = tuple.__new__
"""Makes a named tuple in half the time of calling its class; for the loop over strings, in which
most of the reading is done."""


class State(IntEnum):
    """What the reader waits for."""

    ROOT = 0
    """The document's value."""
    FIRST_KEY = 1
    """A member's name, or `}`."""
    KEY = 2
    """A member's name, after a comma."""
    COLON = 3
    VALUE = 4
    """A member's value."""
    FIRST_ITEM = 5
    """An item, or `]`."""
    ITEM = 6
    """An item, after a comma."""
    AFTER = 7
    """A comma, or the end of the object or array."""
    END = 8
    """Nothing more."""


_NO_STRING_DUE = (State.AFTER, State.END, State.COLON)
_VALUE_DUE = (State.VALUE, State.FIRST_ITEM, State.ITEM)
_MAY_CLOSE = {"}": (State.AFTER, State.FIRST_KEY), "]": (State.AFTER, State.FIRST_ITEM)}


class Frame:
    """An object or array being read."""

    __slots__ = ("is_object", "members", "items", "name", "start", "wrong_opener")  # noqa: RUF023

    def __init__(self, is_object: bool, start: int, name: StringNode | None) -> None:
        self.is_object = is_object
        self.start = start
        self.name = name
        """The member it is the value of; None in an array and at the root."""
        self.members: list[Member] = []
        self.items: list[Node] = []
        self.wrong_opener = False
        """It was opened with the other kind of bracket."""


class Reader:
    """The state of reading one text."""

    def __init__(self, text: str, tokens: Tokens | None = None) -> None:
        self.text = text
        self.tokens = tokens or Tokens(text)
        self.at = 0
        """The next character to read; never a blank."""
        self.state = State.ROOT
        self.frames: list[Frame] = []
        self.open_objects = 0
        self.open_arrays = 0
        self.root: Node | None = None
        self.last_closed: Frame | None = None
        self.key: StringNode | None = None
        """The name of the member whose value is to come; None for one without a name."""
        self.comma = -1
        """Where the last comma stood, while nothing has followed it."""
        self.last_end = 0
        """Behind the last bracket, name or value read."""
        self.problems: list[SyntaxProblem] = []
        self.repeated: list[ObjectNode] = []
        """Objects with two members of one name."""
        self.unbalanced = False
        """Whether a bracket was missing, wrong or too many."""

    def read(self) -> None:
        """Read all of the text."""
        self.at = self.skip_blank(0)
        while True:
            self._read_strictly()
            if self.state is State.END and self.at >= len(self.text):
                return
            if not self.recover():
                return

    def recover(self) -> bool:
        """Deal with what strict JSON does not allow here; False when nothing is left to read."""
        raise NotImplementedError

    def skip_blank(self, at: int) -> int:
        """The next character from `at` that is no blank."""
        match = _BLANK.match(self.text, at)
        return match.end() if match is not None else at

    def problem(self, rule: str, message: str, span: Span, fix: Fix | None = None) -> None:
        """Record a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(SyntaxProblem(rule, message, span, fix))

    def problem_edit(self, rule: str, message: str, span: Span, title: str, edit: Edit) -> None:
        """Record a problem that one edit removes."""
        self.problem(rule, message, span, Fix(title, (edit,)))

    def take(self, problems: tuple[SyntaxProblem, ...]) -> None:
        """Record problems that a scan found."""
        if problems and len(self.problems) < MOST_PROBLEMS:
            self.problems.extend(problems)

    def attach(self, node: Node) -> None:
        """A value is read: put it where it belongs."""
        self.last_end = node.span.end
        self.comma = -1
        if not self.frames:
            self.root = node
            self.state = State.END
            return
        frame = self.frames[-1]
        if frame.is_object:
            key = self.key
            if key is not None:
                frame.members.append(Member(key, node))
                self.key = None
        else:
            frame.items.append(node)
        self.state = State.AFTER

    def open(self, is_object: bool, start: int, at: int) -> None:
        """An object or array begins at `start`; `at` is what to read next."""
        self.frames.append(Frame(is_object, start, self.key))
        self.key = None
        self.comma = -1
        if is_object:
            self.open_objects += 1
            self.state = State.FIRST_KEY
        else:
            self.open_arrays += 1
            self.state = State.FIRST_ITEM
        self.last_end = start + 1
        self.at = at

    def close(self, end: int) -> None:
        """The innermost object or array ends before `end`."""
        if self.frames[-1].wrong_opener:
            self.report_opener(end)
        frame = self.frames.pop()
        span = Span(frame.start, end)
        node: Node
        if frame.is_object:
            self.open_objects -= 1
            members = frame.members
            by_name = {member.key.value: member for member in members}
            node = ObjectNode(tuple(members), span, by_name)
            if len(by_name) != len(members):
                self.repeated.append(node)
        else:
            self.open_arrays -= 1
            node = ArrayNode(tuple(frame.items), span)
        self.last_closed = frame
        self.key = frame.name
        self.attach(node)

    def report_opener(self, end: int) -> None:
        """The innermost object or array turned out to be of the other kind than its bracket."""
        raise NotImplementedError

    def missing_value(self, at: int) -> None:
        """A member's value is not there: an ErrorNode takes its place."""
        self.attach(ErrorNode(Span(at, at)))

    def _read_strictly(self) -> None:
        """Read on as long as the text is strict JSON."""
        text = self.text
        going = True
        while going:
            state = self.state
            if state is State.END or state is State.COLON:
                return
            if state is State.AFTER:
                going = self._strict_after(text)
            elif (index := self._string_due()) >= 0 and self._run(index):
                going = True
            elif state is State.FIRST_KEY or state is State.KEY:
                going = self.strict_key(text)
            else:
                going = self._strict_value(text)

    def telling_names(self) -> frozenset[str]:
        """Names of members that would betray a missing bracket here, so that a run stops."""
        return frozenset()

    def _string_due(self) -> int:
        """Which string stands here as a member's name, a named member's value, or an item."""
        nameless = self.state is State.VALUE and self.key is None
        return -1 if nameless or not self.frames else self.tokens.index(self.at)

    def _run(self, index: int) -> bool:
        """Read strings and the marks between them, from a string that is due.

        Stops before what is not strict JSON and before a name that wants a closer look; answers
        whether anything was read.
        """
        first, tokens = index, self.tokens
        nodes, gaps, colons, commas = tokens.nodes, tokens.gaps, tokens.colons, tokens.commas
        frame, key, told, telling = self.frames[-1], self.key, True, self.telling_names()
        while index < len(nodes):
            node, gap = nodes[index], gaps[index + 1]
            if frame.is_object and key is None:
                if node.value in telling:
                    break
                if gap in colons:
                    key, told = node, False
                    index += 1
                    continue
                if not gap.lstrip(BLANKS).startswith(":"):
                    break
                self.key, self.state = node, State.COLON
            else:
                if key is None:
                    frame.items.append(node)
                else:
                    frame.members.append(_new(Member, (key, node)))
                    key = None
                if gap in commas:
                    told = False
                    index += 1
                    continue
                self.key, self.state = None, State.AFTER
            index += 1
            self.comma, self.last_end, told = -1, node.span.end, True
            if not self._pass_marks(gap, node.span.end):
                return True
            if self.state in _NO_STRING_DUE:
                break
            frame, key, telling = self.frames[-1], self.key, self.telling_names()
        self.at = tokens.starts[index] if index < len(nodes) else len(self.text)
        if not told:
            self._tell(frame, key, nodes[index - 1].span.end, gaps[index])
        return index > first

    def _tell(self, frame: Frame, key: StringNode | None, end: int, gap: str) -> None:
        """Put down where a run stopped, behind one comma or colon that it did not put down."""
        self.key, self.last_end = key, end
        if key is not None:
            self.comma, self.state = -1, State.VALUE
        else:
            self.comma = end + gap.index(",")
            self.state = State.KEY if frame.is_object else State.ITEM

    def _pass_marks(self, gap: str, start: int) -> bool:
        """Read brackets, commas and colons up to one that is not due, where it answers False."""
        for mark, offset in marks(gap):
            at, state = start + offset, self.state
            if mark == "," and state is State.AFTER:
                self.comma = at
                self.state = State.KEY if self.frames[-1].is_object else State.ITEM
            elif mark == ":" and state is State.COLON:
                self.state = State.VALUE
            elif mark in "{[" and state in _VALUE_DUE:
                self.open(mark == "{", at, at + 1)
            elif mark in "}]" and state in _MAY_CLOSE[mark] and self._is_opened_by(mark):
                self.close(at + 1)
            else:
                self.at = at
                return False
        return True

    def _is_opened_by(self, closer: str) -> bool:
        frame = self.frames[-1]
        return frame.is_object == (closer == "}") and not frame.wrong_opener

    def strict_key(self, text: str) -> bool:
        """A member's name with its colon, or the end of an empty object."""
        match = _KEY.match(text, self.at)
        if match is None:
            if self.state is State.FIRST_KEY and text.startswith("}", self.at):
                self._strict_close()
                return True
            return False
        start, end = match.span(1)
        self.key = StringNode(match.group(1), Span(start - 1, end + 1))
        self.at = match.end()
        self.comma = -1
        self.last_end = end + 1
        self.state = State.VALUE
        return True

    def _strict_value(self, text: str) -> bool:
        match = _STRING.match(text, self.at)
        if match is not None:
            start, end = match.span(1)
            self.at = match.end()
            self.attach(StringNode(match.group(1), Span(start - 1, end + 1)))
            return True
        character = text[self.at : self.at + 1]
        if character in {"{", "["}:
            self.open(character == "{", self.at, self.skip_blank(self.at + 1))
            return True
        if character == "]" and self.state is State.FIRST_ITEM:
            self._strict_close()
            return True
        if character == '"':
            node, problems = scan_string(text, self.at)
            self.take(problems)
            self.at = self.skip_blank(node.span.end)
            self.attach(node)
            return True
        return self._strict_atom(text)

    def _strict_atom(self, text: str) -> bool:
        match = _ATOM.match(text, self.at)
        if match is None:
            return False
        span = Span(match.start(), match.end())
        self.at = self.skip_blank(match.end())
        kind = match.lastindex or 0
        if kind == 4:
            self.attach(NumberNode(number(match.group()), span))
        else:
            self.attach(LiteralNode(_ATOM_VALUES[kind], span))
        return True

    def _strict_after(self, text: str) -> bool:
        frame = self.frames[-1]
        match = _CLOSER[frame.is_object].match(text, self.at)
        if match is None or frame.wrong_opener:
            if text.startswith(",", self.at):
                self.pass_comma(self.at)
                return True
            return False
        end = self.at + 1
        self.at = match.end()
        self.close(end)
        if match[1]:
            if self.frames:
                self.comma = match.start(1)
                self.state = State.KEY if self.frames[-1].is_object else State.ITEM
            else:
                self.at = match.start(1)
        return True

    def pass_comma(self, at: int, width: int = 1) -> None:
        """A comma, or what stands for one, is read."""
        self.comma = at
        self.at = self.skip_blank(at + width)
        self.state = State.KEY if self.frames[-1].is_object else State.ITEM

    def _strict_close(self) -> None:
        end = self.at + 1
        self.at = self.skip_blank(end)
        self.close(end)


_PLAIN_STRING = re.compile(f'"([^"\\\\{CONTROL}]*+)"')
BLANKS = " \t\r\n"
"""Those of JSON."""
_MARK = re.compile(f"[^{BLANKS}]")
_LONGEST_REMEMBERED = 200
_new = tuple.__new__
"""Makes a named tuple in half the time of calling its class."""


class Tokens:
    """The strings without escapes, in the order written, and the gaps between them.

    Where quotes are amiss some of these strings are none; whoever reads takes only one that
    begins where a string is due.
    """

    def __init__(self, text: str) -> None:
        pieces = _PLAIN_STRING.split(text)
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
    """The characters of a gap that are no blanks, each with its place."""
    return _remembered_marks(gap) if len(gap) <= _LONGEST_REMEMBERED else _marks(gap)


def _marks(gap: str) -> Iterator[tuple[str, int]]:
    return ((match.group(), match.start()) for match in _MARK.finditer(gap))


@lru_cache(maxsize=1024)
def _remembered_marks(gap: str) -> tuple[tuple[str, int], ...]:
    return tuple(_marks(gap))
