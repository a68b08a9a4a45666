"""Wildcards and policy variables, as IAM reads them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

Context = Mapping[str, Sequence[str]]
"""Condition key in lower case → values. An absent key is absent from the mapping."""

# Literal * and ? that came out of ${*} and ${?}; no policy may hold these characters.
LITERAL_STAR = "\ue000"
LITERAL_MARK = "\ue001"

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    pieces = []
    for character in pattern:
        if character == "*":
            pieces.append(".*")
        elif character == "?":
            pieces.append(".")
        elif character == LITERAL_STAR:
            pieces.append(r"\*")
        elif character == LITERAL_MARK:
            pieces.append(r"\?")
        else:
            pieces.append(re.escape(character))
    return re.compile("".join(pieces), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def wildcard_match(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether ``value`` as a whole is one of those that ``pattern`` (``*``, ``?``) describes."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def arn_match(pattern: str, value: str) -> bool:
    """ArnEquals and ArnLike: each of the six colon-separated parts is matched by itself."""
    wanted, given = pattern.split(":", 5), value.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return pattern in {"*", value}
    return all(wildcard_match(w, g) for w, g in zip(wanted, given, strict=True))


def resolve_variables(text: str, context: Context, version: str) -> str | None:
    """``text`` with its policy variables filled in; None when one of them has no value.

    Only policies of version 2012-10-17 have variables. ``${*}``, ``${?}`` and ``${$}`` are the
    characters themselves. ``${key, 'default'}`` falls back to its default.
    """
    if version != "2012-10-17" or "${" not in text:
        return text
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        name = match.group(1)
        literal = {"*": LITERAL_STAR, "?": LITERAL_MARK, "$": "$"}.get(name)
        if literal is not None:
            return literal
        key, _, default = name.partition(",")
        values = context.get(key.strip().lower())
        if values:
            return values[0].replace("*", LITERAL_STAR).replace("?", LITERAL_MARK)
        if default.strip().startswith("'"):
            return default.strip().strip("'")
        missing = True
        return ""

    resolved = _VARIABLE.sub(fill, text)
    return None if missing else resolved


def plain(text: str) -> str:
    """``text`` with the stand-ins for literal ``*`` and ``?`` turned back."""
    return text.replace(LITERAL_STAR, "*").replace(LITERAL_MARK, "?")
