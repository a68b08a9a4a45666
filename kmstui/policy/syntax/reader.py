"""Reading JSON into a tree with spans: the strict part, which never looks back.

The reader holds an explicit stack instead of recursing, so that depth costs nothing. What it
cannot read it leaves to `recover`, which `parser.py` supplies.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from kmstui.model import late_pattern
from kmstui.policy.syntax.nodes import (
    ArrayNode,
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
from kmstui.policy.syntax.scanner import BLANKS, Problems, Tokens, marks, mend, number, scan_string

MOST_PROBLEMS = 1000
"""Problems recorded for one text; nobody reads more, and nonsense has one a character."""

MOST_DEPTH = 1000
"""Objects and arrays inside each other; no policy has 20, and other readers give up here, too."""

READ_IN_SPITE_OF_ALL = 2 * 32_768
"""Characters that are read though more problems than `MOST_PROBLEMS` were found; a policy has half
of them at most."""

_BLANK = late_pattern(f"[{BLANKS}]*+")
_ATOM = late_pattern(
    r"(?:(true)|(false)|(null)|"
    r"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+))"
    r"(?=[,\]} \t\n\r]|\Z)"
)
_ATOM_VALUES = (None, True, False, None)
_new = tuple.__new__
"""Makes a named tuple in half the time of calling its class."""
N = TypeVar("N", bound=Node)


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
_NAME_DUE = (State.FIRST_KEY, State.KEY)
_VALUE_DUE = (State.VALUE, State.FIRST_ITEM, State.ITEM, State.ROOT)
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
        self.open_frames = {True: 0, False: 0}
        """How many objects and how many arrays are open."""
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
        self.given_up = False
        """Whether the rest was left unread, being no policy in any reading."""

    def read(self) -> None:
        """Read all of the text."""
        self.at = self.skip_blank(0)
        while True:
            while self._read_strictly():
                pass
            if (self.state is State.END and self.at >= len(self.text)) or not self.recover():
                return

    def recover(self) -> bool:
        """Deal with what strict JSON does not allow here; False when nothing is left to read."""
        raise NotImplementedError

    def report_opener(self, end: int) -> None:
        """The innermost object or array turned out to be of the other kind than its bracket."""
        raise NotImplementedError

    def telling_names(self) -> frozenset[str]:
        """Names of members that would betray a missing bracket here, so that a run stops."""
        raise NotImplementedError

    def close_before_name(self) -> bool:
        """Close what a name that is due tells to be open by mistake; whether anything was."""
        raise NotImplementedError

    def skip_blank(self, at: int) -> int:
        """The next character from `at` that is not blank."""
        match = _BLANK.match(self.text, at)
        return match.end() if match is not None else at

    def pass_to(self, at: int) -> None:
        """Read on at the next character from `at` that is not blank."""
        self.at = self.skip_blank(at)

    def problem(self, rule: str, message: str, span: Span, fix: Fix | None = None) -> None:
        """Record a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(SyntaxProblem(rule, message, span, fix))

    def mend(
        self, rule: str, message: str, span: Span, title: str, by: str, at: Span | None = None
    ) -> None:
        """Record a problem that one edit removes: `by` in place of `at`, or of `span` itself."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(mend(rule, message, span, title, by, at))

    def take(self, scanned: tuple[N, Problems]) -> N:
        """Pass what was scanned, and record its problems; returns the node."""
        node, problems = scanned
        if problems:
            self.problems.extend(problems[: MOST_PROBLEMS - len(self.problems)])
        self.pass_to(node.span.end)
        return node

    def take_name(self, scanned: tuple[StringNode, Problems]) -> None:
        """Pass a member's name, and its colon where that follows."""
        self.key = node = self.take(scanned)
        self.comma = -1
        self.last_end = node.span.end
        self.state = State.COLON
        if self.text.startswith(":", self.at):
            self.pass_to(self.at + 1)
            self.state = State.VALUE

    def attach(self, node: Node) -> None:
        """A value is read: put it where it belongs."""
        self.last_end = node.span.end
        self.comma = -1
        if not self.frames:
            self.root = node
            self.state = State.END
            return
        frame = self.frames[-1]
        if not frame.is_object:
            frame.items.append(node)
        elif self.key is not None:
            frame.members.append(Member(self.key, node))
            self.key = None
        self.state = State.AFTER

    def open(self, is_object: bool, start: int) -> None:
        """An object or array begins at `start`."""
        self.frames.append(Frame(is_object, start, self.key))
        self.open_frames[is_object] += 1
        self.key = None
        self.comma = -1
        self.state = State.FIRST_KEY if is_object else State.FIRST_ITEM
        self.last_end = start + 1

    def close(self, end: int) -> None:
        """The innermost object or array ends before `end`."""
        if self.frames[-1].wrong_opener:
            self.report_opener(end)
        frame = self.frames.pop()
        self.open_frames[frame.is_object] -= 1
        span = Span(frame.start, end)
        node: Node = ArrayNode(tuple(frame.items), span)
        if frame.is_object:
            by_name = {member.key.value: member for member in frame.members}
            node = ObjectNode(tuple(frame.members), span, by_name)
            if len(by_name) != len(frame.members):
                self.repeated.append(node)
        self.last_closed = frame
        self.key = frame.name
        self.attach(node)

    def expect_next(self) -> None:
        """A comma counts as read: another member or item is due."""
        self.state = State.KEY if self.frames[-1].is_object else State.ITEM

    def missing_value(self, at: int) -> None:
        """A member's value is not there: an ErrorNode takes its place."""
        self.attach(ErrorNode(Span(at, at)))

    def _read_strictly(self) -> bool:
        """Read a token of strict JSON, or a run of strings; False where something else stands."""
        text, at, state = self.text, self.at, self.state
        if state not in _NO_STRING_DUE:
            index = self._string_due()
            if index >= 0 and self._run(index):
                return True
            if state in _NAME_DUE and self.close_before_name():
                return True
            if text.startswith('"', at):
                if state in _NAME_DUE:
                    self.take_name(scan_string(text, at))
                else:
                    self.attach(self.take(scan_string(text, at)))
                return True
        if state in _VALUE_DUE and self._atom():
            return True
        if at < len(text) and self._pass_marks(text[at], at):
            self.pass_to(at + 1)
            return True
        return False

    def _string_due(self) -> int:
        """Which string stands here as a member's name, a named member's value, or an item."""
        nameless = self.state is State.VALUE and self.key is None
        return -1 if nameless or not self.frames else self.tokens.index(self.at)

    def _run(self, index: int) -> bool:
        """Read strings and the marks between them, from a string that is due.

        Stops before what is not strict JSON and before a name that wants a closer look; returns
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
            self._tell(key, nodes[index - 1].span.end, gaps[index])
        return index > first

    def _tell(self, key: StringNode | None, end: int, gap: str) -> None:
        """Put down where a run stopped, behind one comma or colon that it did not put down."""
        self.key, self.last_end = key, end
        if key is not None:
            self.comma, self.state = -1, State.VALUE
        else:
            self.comma = end + gap.index(",")
            self.expect_next()

    def _pass_marks(self, gap: str, start: int) -> bool:
        """Read brackets, commas and colons up to one that is not due; whether all were."""
        for mark, offset in marks(gap):
            at, state = start + offset, self.state
            if mark == "," and state is State.AFTER:
                self.comma = at
                self.expect_next()
            elif mark == ":" and state is State.COLON:
                self.state = State.VALUE
            elif mark in "{[" and state in _VALUE_DUE and len(self.frames) < MOST_DEPTH:
                self.open(mark == "{", at)
            elif mark in "}]" and state in _MAY_CLOSE[mark] and self._is_opened_by(mark):
                self.close(at + 1)
            else:
                self.at = at
                return False
        return True

    def _is_opened_by(self, closer: str) -> bool:
        frame = self.frames[-1]
        return frame.is_object == (closer == "}") and not frame.wrong_opener

    def _atom(self) -> bool:
        """Read a number, `true`, `false` or `null`; False where none stands."""
        match = _ATOM.match(self.text, self.at)
        if match is None:
            return False
        span = Span(*match.span())
        kind = match.lastindex or 0
        node = NumberNode(number(match.group()), span) if kind == 4 else None
        self.attach(self.take((node or LiteralNode(_ATOM_VALUES[kind], span), ())))
        return True
