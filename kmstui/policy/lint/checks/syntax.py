"""KMS0xx: what keeps the text from being read as JSON, or KMS from taking it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from kmstui.model import late_pattern
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    ANY,
    ERROR,
    WARNING,
    Hit,
    IamVariant,
    PolicyKind,
    Subject,
    remembered,
    rule,
)
from kmstui.policy.lint.facts.wrapped import unwrap, wrapped
from kmstui.policy.syntax import Edit, Fix, Span, delete_member

MOST_BYTES = 32_768
"""The size of a key policy that PutKeyPolicy allows (its API reference, `Policy`)."""
MOST_CHARACTERS_IN_IAM = 10_240
"""White space aside, of all inline policies of a role together (IAM quotas)."""
NEARLY_MOST_BYTES = MOST_BYTES * 9 // 10

_ALLOWED = bytes((*b"\t\n\r", *range(0x20, 0x100)))
_FORBIDDEN = late_pattern(r"[^\t\n\r\u0020-\u00ff]+")
_TOKEN = late_pattern(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^" \t\r\n]+')
_PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u2032": "'",
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u2026": "...", "\u2022": "*", "\u2044": "/", "\u2215": "/", "\u20ac": "EUR",
    }
)  # fmt: skip


@remembered
def _problems(subject: Subject) -> dict[str, list[Hit]]:
    """The problems that the parser found, by rule; of a policy in a string, that it is in one."""
    by_rule: dict[str, list[Hit]] = {}
    inside = wrapped(subject)
    if inside is not None and subject.document.problems:
        whole = Span(0, len(subject.text))
        return {"KMS001": [Hit(whole, f"The text is {inside.form}", unwrap(subject, inside))]}
    for problem in subject.document.problems:
        hit = Hit(problem.span, problem.message, problem.fix)
        by_rule.setdefault(problem.rule, []).append(hit)
    return by_rule


def _of_parser(id_: str, title: str, flags: str, why: str, identity: str = "") -> None:
    """Register a rule whose findings the parser makes."""

    def check(subject: Subject) -> list[Hit]:
        return _problems(subject).get(id_, [])

    check.__doc__ = f"{flags}\n\n{why}"
    own = IamVariant(why=identity)
    rule(id_, ERROR, title, pages.JSON, ANY, identity=own)(check)


_of_parser(
    "KMS001",
    "Invalid JSON",
    "A bracket or string that is not closed, text after the policy, an empty text, and the like.",
    "KMS rejects a policy that is not JSON with MalformedPolicyDocumentException.",
    "IAM rejects a policy that is not JSON with MalformedPolicyDocument.",
)
_of_parser(
    "KMS002",
    "Trailing comma",
    "A comma after the last member or item.",
    "JSON allows a comma between members or items only, so KMS rejects the policy.",
)
_of_parser(
    "KMS003",
    "Missing comma or colon",
    "Two members or items without a comma between them, or a name without its colon.",
    "Without its commas and colons the text is not JSON, so KMS rejects the policy.",
)
_of_parser(
    "KMS004",
    "Comment",
    "Comments as in JavaScript, Python or HCL.",
    "JSON has no comments, so KMS rejects the policy. Use the statement's Sid instead.",
)
_of_parser(
    "KMS005",
    "Wrong or missing quotes",
    "Single or typographic quotes, and names without quotes.",
    "JSON has double quotes only; word processors and chats insert others. KMS rejects them.",
)
_of_parser(
    "KMS006",
    "Not a JSON value",
    "True, None, NaN and the like, unknown escapes, and line breaks in strings.",
    "Literals of other languages, unknown escapes and line breaks in strings are not JSON, "
    "so KMS rejects the policy.",
)


@rule("KMS007", ERROR, "Duplicate member", pages.GRAMMAR, ANY, hidden_by=("KMS101",))
def duplicate_member(subject: Subject) -> Iterator[Hit]:
    """Every member but the last of those with one name.

    Of two members with one name only the last counts, so what the first one says is silently
    lost.
    """
    text = subject.text
    for holder in subject.document.repeated:
        last = {member.key.value: member for member in holder.members}
        for member in holder.members:
            name = member.key.value
            if last[name] is not member:
                edit = delete_member(text, holder, member)
                yield Hit(
                    member.key.span,
                    f"{name!r} is here twice; only the last one counts",
                    Fix("Delete the one that does not count", (edit,)),
                )


def unindented(text: str) -> str:
    """JSON text without line ends and indentation; strict JSON has no other blanks there."""
    return "".join(map(str.strip, text.split("\n")))


def minified(text: str) -> str:
    """JSON text without the white space between its tokens."""
    return "".join(_TOKEN.findall(text))


@rule("KMS008", ERROR, "Policy too large", pages.PUT_KEY_POLICY)
def too_large(subject: Subject) -> Iterator[Hit]:
    """A policy that is too large, from the first byte too many; a warning from 90 percent on.

    KMS rejects a key policy of more than 32,768 bytes, white space included.
    """
    text = subject.text
    # A character takes one byte at least, so a short text needs no encoding.
    if len(text) * 4 <= NEARLY_MOST_BYTES:
        return
    size = len(text.encode("utf-8", "surrogatepass"))
    if size <= NEARLY_MOST_BYTES:
        return
    excess = size > MOST_BYTES
    limit = MOST_BYTES if excess else NEARLY_MOST_BYTES
    span = Span(min(_offset_of_byte(text, limit), len(text) - 1), len(text))
    message = (
        f"The policy has {size:,} bytes, {size - MOST_BYTES:,} more than KMS allows"
        if excess
        else f"The policy has {size:,} of the {MOST_BYTES:,} bytes that KMS allows"
    )
    fix = None
    if not subject.document.problems:
        for shorten in (unindented, minified):
            smaller = shorten(text)
            if len(smaller.encode("utf-8", "surrogatepass")) <= limit:
                fix = Fix("Remove the blanks", (Edit(Span(0, len(text)), smaller),))
                break
    yield Hit(span, message, fix, ERROR if excess else WARNING)


def _offset_of_byte(text: str, limit: int) -> int:
    """The character in which the byte `limit` of the UTF-8 form lies."""
    return len(text.encode("utf-8", "surrogatepass")[:limit].decode("utf-8", "ignore"))


@rule(
    "KMS009",
    ERROR,
    "Character not allowed",
    pages.PUT_KEY_POLICY,
    ANY,
    hidden_by=("KMS001", "KMS005", "KMS006"),
    identity=IamVariant(url=pages.PUT_ROLE_POLICY),
)
def forbidden_character(subject: Subject) -> Iterator[Hit]:
    """Characters that PutKeyPolicy does not accept.

    A policy may hold tab, line feed, carriage return and the characters U+0020 to U+00FF;
    KMS rejects any other.
    """
    text = subject.text
    if _holds_only_allowed(text):
        return
    for match in _FORBIDDEN.finditer(text):
        run = match.group()
        names = [unicodedata.name(each, "without a name").lower() for each in run[:3]]
        codes = ", ".join(
            f"U+{ord(each):04X} {name}" for each, name in zip(run, names, strict=False)
        )
        more = f" and {len(run) - 3} more" if len(run) > 3 else ""
        span = Span(match.start(), match.end())
        replacement = _replacement(run)
        title = f"Write {replacement}" if replacement else "Remove it"
        yield Hit(
            span, f"A policy cannot contain {codes}{more}", Fix(title, (Edit(span, replacement),))
        )


def _holds_only_allowed(text: str) -> bool:
    try:
        return not text.encode("latin-1").translate(None, _ALLOWED)
    except UnicodeEncodeError:
        return False


def _replacement(run: str) -> str:
    """What comes nearest to the characters in the range that KMS takes."""
    pieces = []
    for character in run.translate(_PLAIN):
        if " " <= character <= "\u00ff":
            pieces.append(character)
            continue
        near = unicodedata.normalize("NFKD", character)
        near = "".join(each for each in near if " " <= each <= "~" and each not in '"\\')
        if not near and unicodedata.category(character)[0] in "LNS":
            near = "_"
        pieces.append(near)
    return "".join(pieces)


@rule("KMS115", ERROR, "IAM policy too large", pages.QUOTAS, PolicyKind.IDENTITY)
def identity_policy_too_large(subject: Subject) -> Iterator[Hit]:
    """A policy with more characters than all inline policies of a role together may have.

    IAM refuses the policy.
    """
    text = subject.text
    size = sum(not character.isspace() for character in text)
    if size > MOST_CHARACTERS_IN_IAM:
        yield Hit(
            Span(0, min(1, len(text))),
            f"The policy has {size:,} characters; all inline policies of a role together may have"
            f" {MOST_CHARACTERS_IN_IAM:,}, white space aside",
        )
