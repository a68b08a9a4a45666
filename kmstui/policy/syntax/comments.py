"""Comments, and blanks that JSON does not know: what stands between the tokens by mistake."""

from __future__ import annotations

import re

from kmstui.policy.syntax.brackets import Balancing
from kmstui.policy.syntax.nodes import Edit, Fix, Span
from kmstui.policy.syntax.tokens import Tokens

_COMMENT = re.compile(r"(?://|#)[^\n]*|/\*(?:(?!\*/)[\s\S])*+(?:\*/)?")
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2007\u2009\u202f\u3000\f\v"
_ODD_BLANKS = frozenset(_SPACES + "\ufeff\u2028\u2029\u200b\u2060\u0085")


class Skipping(Balancing):
    """The reader with what it knows of comments and blanks."""

    def __init__(self, text: str, *, guess: bool, tokens: Tokens | None = None) -> None:
        super().__init__(text, guess=guess, tokens=tokens)
        self.odd_blanks: list[Edit] = []

    def read(self) -> None:
        """Read all of the text."""
        super().read()
        self._report_odd_blanks()

    def pass_filler(self) -> bool:
        """Pass a comment or a blank that JSON does not know; False where none stands here."""
        text, at = self.text, self.at
        if text[at] in "/#" and (comment := _COMMENT.match(text, at)) is not None:
            self._comment(comment.end())
            return True
        if text[at] in _ODD_BLANKS:
            self._odd_blank()
            return True
        return False

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
        self.problem_edit(
            "KMS004",
            "JSON has no comments",
            Span(start, end),
            "Remove the comment",
            Edit(Span(cut_start, cut_end), ""),
        )
        self.at = self.skip_blank(end)

    def _odd_blank(self) -> None:
        """A blank that JSON does not know; all of them make one problem, since one paste did it."""
        at = self.at
        replacement = " " if self.text[at] in _SPACES else ""
        self.odd_blanks.append(Edit(Span(at, at + 1), replacement))
        self.at = self.skip_blank(at + 1)

    def _report_odd_blanks(self) -> None:
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
