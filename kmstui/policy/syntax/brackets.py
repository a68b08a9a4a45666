"""Brackets that are missing, wrong or too many.

What is certain is read in the first pass. Where a bracket is amiss, a second pass may `guess`
by the names of policy elements: `Action` belongs to a statement, `Statement` to the root.
"""

from __future__ import annotations

import re

from kmstui.policy.syntax.nodes import Edit, Fix, Node, Span, StringNode
from kmstui.policy.syntax.reader import MOST_PROBLEMS, Frame, Reader, State, Tokens

ROOT_ELEMENTS = frozenset({"Version", "Id", "Statement"})
STATEMENT_ELEMENTS = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
        "Resource", "NotResource", "Condition",
    }
)  # fmt: skip

_ELEMENTS = ROOT_ELEMENTS | STATEMENT_ELEMENTS
_NONE: frozenset[str] = frozenset()

_MOST_REOPENED = 20
"""How often a guess reopens what was closed too early; each costs a copy of its members."""

_NAME = re.compile(r'"([^"\\\n]{0,300})"[ \t\r\n]{0,300}:')
_BARE_NAME = re.compile(r"([A-Za-z]{1,40})[ \t]{0,300}:(?![:\w])")
_MEMBER_FOLLOWS = re.compile(r'\s{0,300}(?:,\s{0,300}"[^"\\\n]{0,300}"\s{0,300}:|\})')
_TEXT_ENDS = re.compile(r"\s{0,300}\Z")
_ITEM_FOLLOWS = re.compile(r"\s{0,300},\s{0,300}\{")


class Balancing(Reader):
    """The reader with what it knows of brackets."""

    def __init__(self, text: str, *, guess: bool, tokens: Tokens | None = None) -> None:
        super().__init__(text, tokens)
        self.guess = guess
        self.reopened = 0

    def name_with_colon(self, at: int) -> str | None:
        """The member name at `at`, where a name and a colon stand there."""
        match = _NAME.match(self.text, at) or _BARE_NAME.match(self.text, at)
        return match.group(1) if match is not None else None

    def line(self, at: int) -> int:
        """The line of a character, counted from 1, for messages; 0 when nobody reads them."""
        if len(self.problems) >= MOST_PROBLEMS:
            return 0
        return self.text.count("\n", 0, at) + 1

    def _closers(self, depth: int) -> str:
        """The brackets that close all frames deeper than `depth`."""
        return "".join("}" if frame.is_object else "]" for frame in reversed(self.frames[depth:]))

    def bracket_problem(self, message: str, span: Span, fix: Fix | None = None) -> None:
        """Record a bracket that is amiss."""
        self.unbalanced = True
        self.problem("KMS001", message, span, fix)

    def telling_names(self) -> frozenset[str]:
        """Elements of statements and of the root where they do not belong."""
        depth = len(self.frames)
        if not self.guess or depth == 1:
            return _NONE
        return ROOT_ELEMENTS if depth == self._statement_depth() else _ELEMENTS

    def strict_key(self, text: str) -> bool:
        """As the reader's, with what a name tells of a missing bracket."""
        name = self.name_with_colon(self.at) if self.guess else None
        if name is not None and self._belongs_outside(name):
            return True
        return super().strict_key(text)

    def _belongs_outside(self, name: str) -> bool:
        """Close what should have been closed before the element `name`."""
        depth = len(self.frames)
        if name in ROOT_ELEMENTS and name != "Id":
            wanted = 1
        elif name in STATEMENT_ELEMENTS:
            wanted = self._statement_depth()
        else:
            return False
        if not 0 < wanted < depth or not self.frames[wanted - 1].is_object:
            return False
        self._close_down_to(wanted, f'before "{name}"')
        self.pass_or_miss_comma()
        return True

    def _statement_depth(self) -> int:
        """How many frames are open inside the innermost statement; 0 outside of one."""
        for depth in (2, 3):
            if len(self.frames) >= depth and self.frames[depth - 1].is_object:
                holder = self.frames[1].name
                if holder is not None and holder.value == "Statement":
                    return depth
        return 0

    def pass_or_miss_comma(self) -> None:
        """After closing by guess: the comma that was read counts for the outer object."""
        self.state = State.KEY if self.frames[-1].is_object else State.ITEM

    def _close_down_to(self, depth: int, where: str) -> None:
        """Close frames that the text leaves open, reporting them as one problem."""
        closers = self._closers(depth)
        innermost = self.frames[-1]
        opener = "{" if innermost.is_object else "["
        end = self.last_end
        self.bracket_problem(
            f"{closers[:12]} is missing {where}: "
            f"the {opener} of line {self.line(innermost.start)} is not closed",
            Span(innermost.start, innermost.start + 1),
            Fix(f"Insert {closers[:12]}", (Edit(Span(end, end), closers),)),
        )
        while len(self.frames) > depth:
            self._close_missing(end)

    def _close_missing(self, end: int) -> None:
        comma = self.comma
        if self.state in (State.VALUE, State.COLON):
            self.missing_value(end)
        self.close(max(end, self.frames[-1].start + 1))
        self.comma = comma

    def close_with(self, character: str) -> None:
        """Deal with the closing bracket at hand, which strict JSON does not allow here."""
        at = self.at
        frame = self.frames[-1]
        is_object = character == "}"
        if frame.is_object == is_object or frame.wrong_opener:
            self.at = self.skip_blank(at + 1)
            self.close(at + 1)
        elif self._is_wrong_closer(at):
            right = "}" if frame.is_object else "]"
            span = Span(at, at + 1)
            self.bracket_problem(
                f"{right} is due here, not {character}",
                span,
                Fix(f"Write {right}", (Edit(span, right),)),
            )
            self.at = self.skip_blank(at + 1)
            self.close(at + 1)
        elif self.open_objects if is_object else self.open_arrays:
            depth = len(self.frames)
            while self.frames[depth - 1].is_object != is_object:
                depth -= 1
            self._close_down_to(depth, f"before this {character}")
        else:
            self._stray_closer(character)

    def _is_wrong_closer(self, at: int) -> bool:
        """Whether what follows shows that only the kind of the closing bracket is wrong."""
        if len(self.frames) < 2:
            return _TEXT_ENDS.match(self.text, at + 1) is not None
        follows = _MEMBER_FOLLOWS if self.frames[-2].is_object else _ITEM_FOLLOWS
        return follows.match(self.text, at + 1) is not None

    def _stray_closer(self, character: str) -> None:
        span = Span(self.at, self.at + 1)
        self.bracket_problem(
            f"Nothing is open that this {character} could close",
            span,
            Fix("Remove it", (Edit(span, ""),)),
        )
        self.at = self.skip_blank(self.at + 1)

    def value_without_name(self, character: str) -> None:
        """An object or array stands in an object where a name is due."""
        at = self.at
        depth = len(self.frames)
        if character == "{" and depth > 1 and not self.frames[-2].is_object:
            had_comma = self.comma >= 0
            self._close_down_to(depth - 1, "before this {")
            if had_comma:
                self.state = State.ITEM
            return
        self.bracket_problem(f"A name is missing before this {character}", Span(at, at + 1))
        self.key = None
        self.open(character == "{", at, self.skip_blank(at + 1))

    def insert_opener(self, *, is_object: bool) -> None:
        """Read on as if the bracket that is missing here stood here."""
        at = self.at
        bracket = "{" if is_object else "["
        quotes = 2 if self.text.startswith('"', at) else 0
        end = at + max(1, len(self.name_with_colon(at) or "") + quotes)
        self.bracket_problem(
            f"{bracket} is missing before this",
            Span(at, end),
            Fix(f"Insert {bracket}", (Edit(Span(at, at), bracket),)),
        )
        self.open(is_object, at, at)
        self.last_end = at

    def member_in_array(self) -> bool:
        """A name and a colon stand in an array; True when that was dealt with."""
        frame = self.frames[-1]
        name = self.name_with_colon(self.at)
        if self.guess and name in STATEMENT_ELEMENTS and self._is_statement_list(frame):
            if not self._reopen_last(frame, name or ""):
                if self.state is State.AFTER:
                    self.state = State.ITEM
                self.insert_opener(is_object=True)
            return True
        if not frame.items and self.state is State.FIRST_ITEM:
            self._turn_into_object(frame)
            return True
        if len(self.frames) > 1 and self.frames[-2].is_object:
            had_comma = self.comma >= 0
            self._close_down_to(len(self.frames) - 1, f'before "{name}"')
            if had_comma:
                self.state = State.KEY
            return True
        return False

    def _is_statement_list(self, frame: Frame) -> bool:
        return frame.name is not None and frame.name.value == "Statement"

    def colon_in_array(self) -> bool:
        """A colon after a string in an array: the string was a member's name, so take it back."""
        frame = self.frames[-1]
        if not frame.items or not isinstance(frame.items[-1], StringNode):
            return False
        kept = (self.at, self.last_end, self.state)
        name = frame.items.pop()
        self.at = name.span.start
        self.last_end = frame.items[-1].span.end if frame.items else frame.start + 1
        before = self.at - 1
        while self.text[before] in " \t\r\n":
            before -= 1
        self.comma = before if self.text[before] == "," else -1
        self.state = State.ITEM if frame.items else State.FIRST_ITEM
        if self.member_in_array():
            return True
        frame.items.append(name)
        self.at, self.last_end, self.state = kept
        self.comma = -1
        return False

    def _turn_into_object(self, frame: Frame) -> None:
        frame.is_object = True
        frame.wrong_opener = True
        self.open_arrays -= 1
        self.open_objects += 1
        self.unbalanced = True
        self.state = State.FIRST_KEY

    def items_in_object(self, key: StringNode) -> bool:
        """A string without a colon begins an object: its braces should be brackets."""
        frame = self.frames[-1]
        if not frame.is_object or frame.members or frame.name is None or frame.wrong_opener:
            return False
        frame.is_object = False
        frame.wrong_opener = True
        frame.items.append(key)
        self.key = None
        self.open_objects -= 1
        self.open_arrays += 1
        self.unbalanced = True
        self.state = State.AFTER
        return True

    def report_opener(self, end: int) -> None:
        """Say which brackets there should be, now that both are known."""
        frame = self.frames[-1]
        pair, what = ("{}", "Members") if frame.is_object else ("[]", "Items")
        edits = [Edit(Span(frame.start, frame.start + 1), pair[0])]
        if self.text[end - 1 : end] in "]}" and end - 1 > frame.start:
            edits.append(Edit(Span(end - 1, end), pair[1]))
        self.bracket_problem(
            f"{what} stand in {pair[0]} {pair[1]}, not in {self.text[frame.start]}",
            Span(frame.start, frame.start + 1),
            Fix(f"Write {pair[0]} {pair[1]}", tuple(edits)),
        )

    def _reopen_last(self, frame: Frame, name: str) -> bool:
        """Undo the closing of the last statement, when `name` must still belong to it."""
        closed = self.last_closed
        if (
            closed is None
            or not frame.items
            or self.reopened >= _MOST_REOPENED
            or frame.items[-1].span.start != closed.start
            or any(member.key.value == name for member in closed.members)
        ):
            return False
        node = frame.items.pop()
        self._report_early_close(node)
        self.frames.append(closed)
        self.open_objects += 1
        self.reopened += 1
        self.state = State.KEY if self.comma >= 0 else State.AFTER
        return True

    def _report_early_close(self, node: Node) -> None:
        span = Span(node.span.end - 1, node.span.end)
        self.bracket_problem("This } closes too early", span, Fix("Remove it", (Edit(span, ""),)))

    def after_the_end(self) -> bool:
        """Text follows the policy; True when more is to be read."""
        text, at = self.text, self.at
        if self.guess and text[at] == ":" and isinstance(self.root, StringNode):
            self.at = self.root.span.start
            self.root = None
            self.state = State.ROOT
            self.insert_opener(is_object=True)
            return True
        after_comma = self.skip_blank(at + 1) if text[at] == "," else at
        name = self.name_with_colon(after_comma)
        closed = self.last_closed
        if (
            self.guess
            and name in ROOT_ELEMENTS
            and closed is not None
            and closed.is_object
            and self.root is not None
            and self.reopened < _MOST_REOPENED
        ):
            self._report_early_close(self.root)
            self.frames.append(closed)
            self.open_objects += 1
            self.reopened += 1
            self.root = None
            self.state = State.AFTER
            return True
        end = len(text.rstrip(" \t\r\n"))
        rest = text[at:end]
        message = "Text follows after the end of the policy"
        if not rest.strip("]} \t\r\n"):
            brackets = "".join(rest.split())
            message = f"Nothing is open that this {brackets[:12]} could close"
        self.bracket_problem(
            message, Span(at, end), Fix("Remove it", (Edit(Span(self.last_end, end), ""),))
        )
        self.at = len(text)
        return False

    def end_of_text(self) -> None:
        """Close what the text leaves open."""
        if self.state is State.ROOT and self.root is None:
            if not self.problems:
                self.problem("KMS001", "The policy is empty", Span(0, len(self.text)))
            return
        if self.frames:
            comma = self.comma
            closers = self._closers(0)
            innermost = self.frames[-1]
            end = self.last_end
            edit = Edit(Span(end, comma + 1 if comma >= 0 else end), closers)
            self.bracket_problem(
                f"{closers[:12]} is missing at the end: the {'{' if innermost.is_object else '['} "
                f"of line {self.line(innermost.start)} is not closed",
                Span(innermost.start, innermost.start + 1),
                Fix(f"Insert {closers[:12]}", (edit,)),
            )
            while self.frames:
                self._close_missing(end)
