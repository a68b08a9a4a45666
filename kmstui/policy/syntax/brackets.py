"""Brackets that are missing, wrong or too many.

What is certain is read in the first pass. Where a bracket is amiss, a second pass may `guess`
by the names of policy elements: `Action` belongs to a statement, `Statement` to the root.
"""

from __future__ import annotations

from kmstui.model import late_pattern
from kmstui.policy.syntax.nodes import Edit, Fix, Node, Span, StringNode
from kmstui.policy.syntax.reader import MOST_PROBLEMS, Frame, Reader, State
from kmstui.policy.syntax.scanner import BLANKS, Tokens

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

_MOST_CLOSERS = 12
"""Brackets that a fix closes at once; no policy is nested deeper."""

_NAME = late_pattern(r'"([^"\\\n]{0,300})"[ \t\r\n]{0,300}:')
_BARE_NAME = late_pattern(r"([A-Za-z]{1,40})[ \t]{0,300}:(?![:\w])")
_MEMBER_FOLLOWS = late_pattern(r'\s{0,300}(?:,\s{0,300}"[^"\\\n]{0,300}"\s{0,300}:|\})')
_TEXT_ENDS = late_pattern(r"\s{0,300}\Z")
_ITEM_FOLLOWS = late_pattern(r"\s{0,300},\s{0,300}\{")


class BracketReader(Reader):
    """The reader with what it knows of brackets."""

    def __init__(self, text: str, *, guess: bool, tokens: Tokens | None = None) -> None:
        super().__init__(text, tokens)
        self.guess = guess
        self.reopened = 0

    def name_with_colon(self, at: int) -> str | None:
        """The member name at `at`, where a name and a colon stand there."""
        match = _NAME.match(self.text, at) or _BARE_NAME.match(self.text, at)
        return match.group(1) if match is not None else None

    def bracket_problem(self, message: str, span: Span, fix: Fix | None = None) -> None:
        """Record a bracket that is amiss."""
        self.unbalanced = True
        self.problem("KMS001", message, span, fix)

    def mend_bracket(
        self, message: str, span: Span, title: str, by: str, at: Span | None = None
    ) -> None:
        """Record a bracket that is amiss and that one edit puts right, as `mend` does."""
        self.unbalanced = True
        self.mend("KMS001", message, span, title, by, at)

    def telling_names(self) -> frozenset[str]:
        """Elements of statements and of the root where they do not belong."""
        depth = len(self.frames)
        if not self.guess or depth == 1:
            return _NONE
        return ROOT_ELEMENTS if depth == self._statement_depth() else _ELEMENTS

    def close_before_name(self) -> bool:
        """Close what should have been closed before an element of the root or of a statement."""
        name = self.name_with_colon(self.at) if self.guess else None
        if name in ROOT_ELEMENTS and name != "Id":
            wanted = 1
        elif name in STATEMENT_ELEMENTS:
            wanted = self._statement_depth()
        else:
            return False
        if not 0 < wanted < len(self.frames) or not self.frames[wanted - 1].is_object:
            return False
        self._close_down_to(wanted, f'before "{name}"')
        # The comma that was read counts for the outer object.
        self.expect_next()
        return True

    def _statement_depth(self) -> int:
        """How many frames are open inside the innermost statement; 0 outside of one."""
        for depth in (2, 3):
            if len(self.frames) >= depth and self.frames[depth - 1].is_object:
                holder = self.frames[1].name
                if holder is not None and holder.value == "Statement":
                    return depth
        return 0

    def _close_down_to(self, depth: int, where: str, over: Span | None = None) -> None:
        """Close frames that the text leaves open, reporting them as one problem.

        Args:
            depth: How many stay open.
            where: Where the brackets are missing, for the message.
            over: What the brackets replace; nothing behind what was read last where it is None.
        """
        open_ones = self.frames[depth:][::-1]
        closers = "".join("}" if each.is_object else "]" for each in open_ones[:_MOST_CLOSERS])
        innermost = self.frames[-1]
        opener = "{" if innermost.is_object else "["
        end = self.last_end
        counted = len(self.problems) < MOST_PROBLEMS  # Else nobody reads the message.
        line = self.text.count("\n", 0, innermost.start) + 1 if counted else 0
        fix = Fix(f"Insert {closers}", (Edit(over or Span(end, end), closers),))
        self.bracket_problem(
            f"{closers} is missing {where}: the {opener} of line {line} is not closed",
            Span(innermost.start, innermost.start + 1),
            fix if len(open_ones) <= _MOST_CLOSERS else None,
        )
        self.end_frames(depth, end)

    def end_frames(self, depth: int, end: int) -> None:
        """Let objects and arrays end before `end`, until `depth` are open."""
        while len(self.frames) > depth:
            comma = self.comma
            if self.state in (State.VALUE, State.COLON):
                self.missing_value(end)
            self.close(max(end, self.frames[-1].start + 1))
            self.comma = comma

    def close_with(self, character: str) -> None:
        """Deal with the closing bracket at hand, which strict JSON does not allow here."""
        span = Span(self.at, self.at + 1)
        frame = self.frames[-1]
        is_object = character == "}"
        if frame.is_object == is_object or frame.wrong_opener:
            self.pass_to(span.end)
            self.close(span.end)
        elif self._is_wrong_closer(span.end):
            right = "}" if frame.is_object else "]"
            message = f"{right} is expected here, not {character}"
            self.mend_bracket(message, span, f"Write {right}", right)
            self.pass_to(span.end)
            self.close(span.end)
        elif self.open_frames[is_object]:
            depth = len(self.frames)
            while self.frames[depth - 1].is_object != is_object:
                depth -= 1
            self._close_down_to(depth, f"before this {character}")
        else:
            message = f"Nothing is open that this {character} could close"
            self.mend_bracket(message, span, "Remove it", "")
            self.pass_to(span.end)

    def _is_wrong_closer(self, end: int) -> bool:
        """Whether what follows shows that only the kind of the closing bracket is wrong."""
        if len(self.frames) < 2:
            return _TEXT_ENDS.match(self.text, end) is not None
        follows = _MEMBER_FOLLOWS if self.frames[-2].is_object else _ITEM_FOLLOWS
        return follows.match(self.text, end) is not None

    def value_without_name(self, character: str) -> None:
        """An object or array stands in an object where a name is due."""
        at = self.at
        if character == "{" and len(self.frames) > 1 and not self.frames[-2].is_object:
            self._close_innermost("before this {")
            return
        self.bracket_problem(f"A name is missing before this {character}", Span(at, at + 1))
        self.key = None
        self.open(character == "{", at)
        self.pass_to(at + 1)

    def _close_innermost(self, where: str) -> None:
        """Close the innermost object or array before a member or item of the one around it."""
        had_comma = self.comma >= 0
        self._close_down_to(len(self.frames) - 1, where)
        if had_comma:
            self.expect_next()

    def insert_opener(self) -> None:
        """Read on as if the brace that is missing here stood here."""
        at = self.at
        quotes = 2 if self.text.startswith('"', at) else 0
        span = Span(at, at + max(1, len(self.name_with_colon(at) or "") + quotes))
        self.mend_bracket("{ is missing before this", span, "Insert {", "{", Span(at, at))
        self.open(True, at)
        self.last_end = at

    def member_in_array(self) -> bool:
        """A name and a colon stand in an array; True when that was dealt with."""
        frame = self.frames[-1]
        name = self.name_with_colon(self.at)
        holder = "" if frame.name is None else frame.name.value
        if self.guess and name in STATEMENT_ELEMENTS and holder == "Statement":
            if not self._reopen_last(frame, name or ""):
                if self.state is State.AFTER:
                    self.state = State.ITEM
                self.insert_opener()
            return True
        if not frame.items and self.state is State.FIRST_ITEM:
            self._change_kind(frame, State.FIRST_KEY)
            return True
        if len(self.frames) > 1 and self.frames[-2].is_object:
            self._close_innermost(f'before "{name}"')
            return True
        return False

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
        while self.text[before] in BLANKS:
            before -= 1
        self.comma = before if self.text[before] == "," else -1
        self.state = State.ITEM if frame.items else State.FIRST_ITEM
        if self.member_in_array():
            return True
        frame.items.append(name)
        self.at, self.last_end, self.state = kept
        self.comma = -1
        return False

    def items_in_object(self, key: StringNode) -> bool:
        """A string without a colon begins an object: its braces should be brackets."""
        frame = self.frames[-1]
        if not frame.is_object or frame.members or frame.name is None or frame.wrong_opener:
            return False
        frame.items.append(key)
        self.key = None
        self._change_kind(frame, State.AFTER)
        return True

    def _change_kind(self, frame: Frame, state: State) -> None:
        """Take the innermost array for an object, or the other way round."""
        self.open_frames[frame.is_object] -= 1
        frame.is_object = not frame.is_object
        self.open_frames[frame.is_object] += 1
        frame.wrong_opener = True
        self.unbalanced = True
        self.state = state

    def report_opener(self, end: int) -> None:
        """Say which brackets there should be, now that both are known."""
        frame = self.frames[-1]
        pair, what = ("{}", "Members") if frame.is_object else ("[]", "Items")
        span = Span(frame.start, frame.start + 1)
        edits = [Edit(span, pair[0])]
        if self.text[end - 1 : end] in "]}" and end - 1 > frame.start:
            edits.append(Edit(Span(end - 1, end), pair[1]))
        both = " ".join(pair)
        message = f"{what} belong in {both}, not in {self.text[frame.start]}"
        self.bracket_problem(message, span, Fix(f"Write {both}", tuple(edits)))

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
        self._reopen(frame.items.pop(), closed)
        self.state = State.KEY if self.comma >= 0 else State.AFTER
        return True

    def _reopen(self, node: Node, closed: Frame) -> None:
        """Read on in an object as if its closing brace were not there."""
        span = Span(node.span.end - 1, node.span.end)
        self.mend_bracket("This } closes too early", span, "Remove it", "")
        self.frames.append(closed)
        self.open_frames[True] += 1
        self.reopened += 1

    def after_the_end(self) -> bool:
        """Text follows the policy; True when more is to be read."""
        text, at = self.text, self.at
        if self.guess and text[at] == ":" and isinstance(self.root, StringNode):
            self.at = self.root.span.start
            self.root = None
            self.state = State.ROOT
            self.insert_opener()
            return True
        name = self.name_with_colon(self.skip_blank(at + 1) if text[at] == "," else at)
        closed = self.last_closed
        if (
            self.guess
            and name in ROOT_ELEMENTS
            and closed is not None
            and closed.is_object
            and self.root is not None
            and self.reopened < _MOST_REOPENED
        ):
            self._reopen(self.root, closed)
            self.root = None
            self.state = State.AFTER
            return True
        end = len(text.rstrip(BLANKS))
        rest = text[at:end]
        message = "Text follows after the end of the policy"
        if not rest.strip("]}" + BLANKS):
            brackets = "".join(rest.split())
            message = f"Nothing is open that this {brackets[:12]} could close"
        self.mend_bracket(message, Span(at, end), "Remove it", "", Span(self.last_end, end))
        self.at = len(text)
        return False

    def end_of_text(self) -> None:
        """Close what the text leaves open."""
        if self.state is State.ROOT and self.root is None:
            if not self.problems:
                self.problem("KMS001", "The policy is empty", Span(0, len(self.text)))
        elif self.frames:
            end = self.comma + 1 if self.comma >= 0 else self.last_end
            self._close_down_to(0, "at the end", Span(self.last_end, end))
