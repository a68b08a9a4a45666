"""Policy text to tree: exact spans, all syntax errors at once, never an exception.

After an error this goes on with the likeliest reading of what is not JSON. Every step either
passes some of the text or changes the state towards one that does, and looks ahead a bounded way
only, so that any text takes linear time.
"""

from __future__ import annotations

import re

from kmstui.model import late_pattern
from kmstui.policy.syntax.brackets import BracketReader
from kmstui.policy.syntax.nodes import Document, Edit, Fix, Node, Span, StringNode
from kmstui.policy.syntax.reader import (
    MOST_DEPTH,
    MOST_PROBLEMS,
    READ_IN_SPITE_OF_ALL,
    State,
)
from kmstui.policy.syntax.scanner import (
    FOREIGN_QUOTES,
    Tokens,
    scan_foreign_string,
    scan_name,
    scan_string,
    scan_word,
)

_JUNK = late_pattern(rf'[^\s{{}}\[\]:,"{FOREIGN_QUOTES}]+|.', re.DOTALL)
_MISSING_QUOTE_IN_NAME = late_pattern(r"([^:\s]+)[ \t]*:[ \t]*\Z")
_COMMENT = late_pattern(r"(?://|#)[^\n]*|/\*(?:(?!\*/)[\s\S])*+(?:\*/)?")
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2007\u2009\u202f\u3000\f\v"
_ODD_BLANKS = frozenset(_SPACES + "\ufeff\u2028\u2029\u200b\u2060\u0085")


def parse(text: str) -> Document:
    """Read a policy text.

    What strict JSON accepts gives the same value and no problems, unless it is nested more than
    `MOST_DEPTH` deep. Anything else gives a tree of all that could be read, with a problem
    (KMS001 … KMS006) for each error. Takes linear time; never raises.
    """
    parser = _Parser(text, guess=False)
    parser.read()
    if parser.unbalanced and not parser.given_up:
        guessing = _Parser(text, guess=True, tokens=parser.tokens)
        guessing.read()
        if len(guessing.problems) <= len(parser.problems):
            parser = guessing
    problems = tuple(sorted(parser.problems, key=lambda problem: problem.span))
    repeated = {node.span.start: node for node in parser.repeated}
    return Document(text, parser.root, problems, tuple(repeated.values()))


class _Parser(BracketReader):
    """The reader with all that it knows about errors."""

    def __init__(self, text: str, *, guess: bool, tokens: Tokens | None = None) -> None:
        super().__init__(text, guess=guess, tokens=tokens)
        self.odd_blanks: list[Edit] = []

    def read(self) -> None:
        """Read all of the text."""
        super().read()
        self._report_odd_blanks()

    def recover(self) -> bool:
        """Deal with what strict JSON does not allow here; False when nothing is left to read."""
        text, at = self.text, self.at
        if at >= len(text):
            self.end_of_text()
            return False
        if self._give_up():
            return False
        if text[at] in "/#" and (comment := _COMMENT.match(text, at)) is not None:
            self._comment(comment.end())
        elif text[at] in _ODD_BLANKS:
            replacement = " " if text[at] in _SPACES else ""
            self.odd_blanks.append(Edit(Span(at, at + 1), replacement))
            self.pass_to(at + 1)
        elif self.state is State.END:
            return self.after_the_end()
        else:
            self._HANDLERS[self.state](self)
        return True

    def _give_up(self) -> bool:
        """Leave unread what is no policy in any reading; False where it may be one."""
        at = self.at
        if len(self.frames) >= MOST_DEPTH:
            what = f"More than {MOST_DEPTH:,} objects and lists are open"
        elif len(self.problems) >= MOST_PROBLEMS and at > READ_IN_SPITE_OF_ALL:
            what = f"There are more than {MOST_PROBLEMS:,} errors before this"
            self.problems.pop()
        else:
            return False
        self.problem("KMS001", f"{what}; what follows is not read", Span(at, at + 1))
        self.given_up = True
        self.end_frames(0, self.last_end)
        return True

    # Comments, and blanks that JSON does not know

    def _comment(self, end: int) -> None:
        """A comment; where it has its line to itself the fix takes the line."""
        text, start = self.text, self.at
        line = text.rfind("\n", max(0, start - 400), start) + 1
        cut_start, cut_end = start, end
        if text[line:start].strip() == "" and (line or start < 400):
            if text.startswith("\n", end):
                cut_start, cut_end = line, end + 1
        else:
            while cut_start > 0 and text[cut_start - 1] in " \t":
                cut_start -= 1
        cut = Span(cut_start, cut_end)
        self.mend("KMS004", "JSON has no comments", Span(start, end), "Remove the comment", "", cut)
        self.pass_to(end)

    def _report_odd_blanks(self) -> None:
        """All of them make one problem, since one paste did it."""
        if not self.odd_blanks:
            return
        edits = tuple(self.odd_blanks)
        first = edits[0].span
        code = f"U+{ord(self.text[first.start]):04X}"
        what = "Byte order mark" if code == "U+FEFF" else f"White space {code}"
        more = len(edits) - 1
        # Marks without a width go; what parts two words becomes a space.
        title = "Write plain spaces" if any(edit.replacement for edit in edits) else "Remove it"
        others = f", and {more} more like it" if more else ""
        self.problem(
            "KMS001",
            f"{what} is not allowed in JSON{others}; web pages and editors put it in",
            first,
            Fix(title, edits),
        )

    # What is due, and something else stands there

    def _at_root(self) -> None:
        """Something other than a value stands first."""
        text, at = self.text, self.at
        if self.guess and self.name_with_colon(at) is not None:
            self.insert_opener()
            return
        brace = text.find("{", at)
        word = None if brace >= 0 else self._value()
        if word is not None:
            self.attach(word)
            return
        end = brace if brace >= 0 else len(text)
        self.mend_bracket(
            "This is not JSON; a policy is an object, which begins with {",
            Span(at, at + len(text[at:end].rstrip())),
            "Remove the text before the policy",
            "",
            Span(at, end),
        )
        self.at = end

    def _at_key(self) -> None:
        """A member's name is due, or the end of the object."""
        at = self.at
        character = self.text[at]
        if character == ",":
            self._replace("KMS002", "One comma too many", 1, "")
        elif character in "}]":
            self._closer(character)
        elif character in "{[":
            self.value_without_name(character)
        elif character == ":":
            self.problem("KMS001", "A name is missing before this colon", Span(at, at + 1))
            self.key = None
            self.pass_to(at + 1)
            self.state = State.VALUE
        elif character in FOREIGN_QUOTES:
            self.take_name(scan_foreign_string(self.text, at))
        elif (name := scan_name(self.text, at)) is not None:
            self.take_name(name)
        else:
            self._name_without_value()

    def _name_without_value(self) -> None:
        """A word or number where a name is due, and no colon behind it."""
        scanned = scan_word(self.text, self.at)
        if scanned is None:
            self._junk()
            return
        span = scanned[0].span
        word = self.text[span.start : span.end]
        self.pass_to(span.end)
        if not self.text.startswith(":", self.at):
            message = f"{word[:60]} is not a member: a name and a colon are expected"
            self.problem("KMS001", message, span)
            return
        message = f"The name {word[:60]} must be in double quotes"
        self.mend("KMS005", message, span, "Quote it", f'"{word}"')
        self.key = StringNode(word, span)
        self.comma = -1
        self.last_end = span.end
        self.state = State.COLON

    def _at_colon(self) -> None:
        """A name was read and no colon follows."""
        text, at, key = self.text, self.at, self.key
        if key is None:
            self.state = State.VALUE
        elif text[at] == "=":
            width = 2 if text.startswith("=>", at) else 1
            self._replace("KMS003", f"A colon is expected after {key.value[:60]!r}", width, ":")
            self.state = State.VALUE
        elif text[at] in ",}]":
            if not self.items_in_object(key):
                self._without_value(key)
                self.state = State.AFTER
        elif not self._unclosed_name(key):
            self._missing_colon(key)

    def _unclosed_name(self, key: StringNode) -> bool:
        """`"Sid: "x"`: the name's closing quote is missing, and was taken from the value."""
        match = _MISSING_QUOTE_IN_NAME.match(key.value[:200])
        if match is None or self.at != key.span.end or not self._plain(key):
            return False
        span = Span(key.span.start, key.span.start + 1 + match.end(1))
        message = f'The name "{match.group(1)} is not closed'
        self.mend("KMS001", message, span, "Close the name", '"', Span(span.end, span.end))
        self.key = StringNode(match.group(1), span)
        self.at = key.span.end - 1
        self.state = State.VALUE
        return True

    def _plain(self, node: StringNode) -> bool:
        """Whether the string's text is its value, without escapes."""
        return node.span.end - node.span.start == len(node.value) + 2

    def _missing_colon(self, key: StringNode) -> None:
        if self.text[self.at] == '"' and self.name_with_colon(self.at) is not None:
            self._without_value(key)
            self.state = State.KEY
            return
        self._insert(f"A colon is missing after {key.value[:60]!r}", "colon", ":", key.span.end)
        self.state = State.VALUE

    def _without_value(self, key: StringNode) -> None:
        self.problem("KMS001", f"{key.value[:60]!r} has no value", key.span)
        self.missing_value(key.span.end)

    def _at_value(self) -> None:
        """A member's value is due."""
        at = self.at
        character = self.text[at]
        if character in ",}]":
            name = f" of {self.key.value[:60]!r}" if self.key is not None else ""
            self.problem("KMS001", f"The value{name} is missing", Span(at, at + 1))
            self.missing_value(self.last_end)
        elif character in ":=":
            self._replace("KMS001", "This colon is one too many", 1, "")
        else:
            self._value_or_junk()

    def _at_item(self) -> None:
        """An item is due, or the end of the array."""
        at = self.at
        character = self.text[at]
        if character == ",":
            self._replace("KMS002", "One comma too many", 1, "")
        elif character in "}]":
            self._closer(character)
        elif character in ":=":
            self._stray_colon()
        elif self.name_with_colon(at) is None or not self.member_in_array():
            self._value_or_junk()

    def _value_or_junk(self) -> None:
        node = self._value()
        if node is None:
            self._junk()
        else:
            self.attach(node)

    def _value(self) -> Node | None:
        """A value in another notation than JSON's; passes it."""
        text, at = self.text, self.at
        if text[at] in FOREIGN_QUOTES:
            return self.take(scan_foreign_string(text, at))
        scanned = scan_word(text, at)
        return None if scanned is None else self.take(scanned)

    def _at_after(self) -> None:
        """A comma is due, or the end of the object or array."""
        text, at = self.text, self.at
        character = text[at]
        frame = self.frames[-1]
        if character in "}]":
            self._closer(character)
        elif character == ";":
            self._replace("KMS003", "Members and items are separated by commas", 1, ",")
            self.comma = at
            self.expect_next()
        elif character == ":":
            if frame.is_object:
                self._second_value()
            elif not self.colon_in_array():
                self._stray_colon()
        elif frame.is_object and character in "{[":
            self.value_without_name(character)
        elif not frame.is_object and self.name_with_colon(at) is not None:
            if not self.member_in_array():
                self._missing_comma()
        elif not self._unclosed_value():
            self._missing_comma()

    def _second_value(self) -> None:
        """`"Id": "a": "b"`: a colon where the member is complete; what follows is passed too."""
        span = Span(self.at, self.at + 1)
        self.problem("KMS001", "The member is complete before this colon", span)
        self.pass_to(span.end)
        if self.text.startswith('"', self.at):
            self.take(scan_string(self.text, self.at))

    def _unclosed_value(self) -> bool:
        """`"kms:Encrypt, "kms:Decrypt"`: the first string's closing quote is missing."""
        frame = self.frames[-1]
        holder: Node | None = None
        if frame.is_object and frame.members:
            holder = frame.members[-1].value
        elif frame.items:
            holder = frame.items[-1]
        if not isinstance(holder, StringNode) or holder.span.end != self.at:
            return False
        value = holder.value.rstrip(" \t")
        if self.text[self.at] == '"' or not value.endswith(",") or not self._plain(holder):
            return False
        value = value[:-1].rstrip(" \t")
        span = Span(holder.span.start, holder.span.start + 1 + len(value))
        message = f'The string "{value[:60]} is not closed'
        self.mend("KMS001", message, span, "Close the string", '"', Span(span.end, span.end))
        if frame.is_object:
            self.key = frame.members.pop().key
        else:
            frame.items.pop()
        self.attach(StringNode(value, span))
        self.pass_to(span.end)
        return True

    def _missing_comma(self) -> None:
        """The next member or item begins without a comma before it."""
        text, at = self.text, self.at
        if text[at] not in '"{[' + FOREIGN_QUOTES and scan_word(text, at) is None:
            self._junk()
            return
        self._insert("A comma is missing here", "comma", ",", self.last_end)
        self.expect_next()

    def _closer(self, character: str) -> None:
        """A closing bracket; a comma before it is one too many."""
        if self.comma >= 0:
            span = Span(self.comma, self.comma + 1)
            what = "member" if self.frames[-1].is_object else "item"
            message = f"JSON allows no comma after the last {what}"
            self.mend("KMS002", message, span, "Remove the trailing comma", "")
            self.comma = -1
        self.close_with(character)

    def _stray_colon(self) -> None:
        self._replace("KMS001", "This colon does not belong here", 1, "")

    def _insert(self, message: str, what: str, mark: str, end: int) -> None:
        """Report a colon or comma that is missing behind a character."""
        span = Span(end - 1, end)
        self.mend("KMS003", message, span, f"Insert the {what}", mark, Span(end, end))

    def _replace(self, rule: str, message: str, width: int, by: str) -> None:
        """Report text that should read otherwise, and pass it."""
        span = Span(self.at, self.at + width)
        self.mend(rule, message, span, f"Write {by}" if by else "Remove it", by)
        self.pass_to(span.end)

    def _junk(self) -> None:
        """Characters that mean nothing here."""
        match = _JUNK.match(self.text, self.at)
        end = match.end() if match is not None else self.at + 1
        shown = self.text[self.at : min(end, self.at + 60)]
        self._replace("KMS001", f"{shown!r} does not belong here", end - self.at, "")

    _HANDLERS = {  # noqa: RUF012 - methods, not data
        State.ROOT: _at_root,
        State.FIRST_KEY: _at_key,
        State.KEY: _at_key,
        State.COLON: _at_colon,
        State.VALUE: _at_value,
        State.FIRST_ITEM: _at_item,
        State.ITEM: _at_item,
        State.AFTER: _at_after,
    }
