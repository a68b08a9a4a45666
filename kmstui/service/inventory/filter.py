"""The filter language of the keys table: text to a predicate over keys, without side effects.

A filter is a list of words that all must match. A word is text that occurs in an alias, the ID,
the ARN, the description or a tag; `field:text`; `/regex/`; a time, an amount or what is missing
(`terms`); or any of these with `-` before it, which excludes. Double quotes keep spaces together.
Upper and lower case are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kmstui.model import Fact, Key, time_limit
from kmstui.service.inventory.key_facts import rotation_word
from kmstui.service.inventory.terms import FilterError, Term, is_special, special_term

LONGEST_FILTER = 2_000
"""Characters: more was not typed, but pasted here by mistake."""

SECONDS_PER_KEY = 0.1
"""Of processor time, for the regular expressions of a filter."""


@dataclass(frozen=True, slots=True)
class Text(Term):
    """Text anywhere in a key's names, description or tags."""

    text: str

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the text occurs."""
        return any(self.text in each.casefold() for each in _texts(key, aliases))

    def implies(self, other: Term) -> bool:
        """Longer text is narrower."""
        return isinstance(other, Text) and other.text in self.text


@dataclass(frozen=True, slots=True)
class Field(Term):
    """Text in one field; empty text asks only whether the field has a value."""

    name: str
    text: str

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether one of the field's values contains the text."""
        return any(
            value and self.text in value.casefold() for value in _FIELDS[self.name](key, aliases)
        )

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the field was not read."""
        if self.name == "tag":
            return key.tags is None
        if self.name == "rotation":
            return not rotation_word(key)
        return self.name in _OF_METADATA and key.metadata is None

    @property
    def fact(self) -> Fact | None:
        """The rotation is read for it."""
        return Fact.ROTATION if self.name == "rotation" else None

    def implies(self, other: Term) -> bool:
        """Longer text in the same field is narrower."""
        return isinstance(other, Field) and other.name == self.name and other.text in self.text


@dataclass(frozen=True, slots=True)
class TagValue(Term):
    """`tag:KEY=VALUE`: that tag key, with a value that contains the text."""

    key: str
    value: str

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the key carries such a tag."""
        return any(
            tag.key.casefold() == self.key and self.value in tag.value.casefold()
            for tag in key.tags or ()
        )

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the tags were not read."""
        return key.tags is None

    def implies(self, other: Term) -> bool:
        """A longer value, or the mere presence of the tag key."""
        if isinstance(other, TagValue):
            return other.key == self.key and other.value in self.value
        return isinstance(other, Field) and other.name == "tag" and other.text in self.key


@dataclass(frozen=True, slots=True)
class Regex(Term):
    """A regular expression over the same texts as `Text`."""

    pattern: re.Pattern[str]

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the expression is found."""
        search = self.pattern.search
        return any(search(each) is not None for each in _texts(key, aliases))


@dataclass(frozen=True, slots=True)
class Not(Term):
    """Excludes what another term matches."""

    term: Term

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the term does not match."""
        return not self.term.matches(key, aliases)

    def unknown(self, key: Key, aliases: Sequence[str]) -> bool:
        """As of the term."""
        return self.term.unknown(key, aliases)

    @property
    def fact(self) -> Fact | None:
        """As of the term."""
        return self.term.fact

    def implies(self, other: Term) -> bool:
        """Excluding more is narrower."""
        return isinstance(other, Not) and other.term.implies(self.term)


@dataclass(frozen=True, slots=True)
class Filter:
    """All terms must match; a filter without terms matches everything."""

    terms: tuple[Term, ...] = ()

    def matches(self, key: Key, aliases: Sequence[str]) -> bool:
        """Whether the key is shown: every word means it, and of none is that unknown.

        Raises:
            FilterError: a regular expression takes too long.
        """
        return self.judge(key, aliases) is True

    def judge(self, key: Key, aliases: Sequence[str]) -> bool | None:
        """Whether the key is shown, or None where nobody can say since something was not read.

        Raises:
            FilterError: a regular expression takes too long.
        """
        if not self.has_regex:
            return self._judge(key, aliases)
        try:
            with time_limit(SECONDS_PER_KEY):
                return self._judge(key, aliases)
        except TimeoutError:
            raise FilterError(
                "The regular expression takes too long. Nothing is filtered until it is another."
            ) from None

    def _judge(self, key: Key, aliases: Sequence[str]) -> bool | None:
        unknown = False
        for term in self.terms:
            if term.unknown(key, aliases):
                unknown = True
            elif not term.matches(key, aliases):
                return False
        return None if unknown else True

    @property
    def facts(self) -> frozenset[Fact]:
        """What has to be read of each key that the other words mean."""
        return frozenset(filter(None, (term.fact for term in self.terms)))

    @property
    def has_regex(self) -> bool:
        """Whether matching can take long."""
        return any(isinstance(term, Regex | Not) for term in self.terms)

    def narrows(self, other: Filter) -> bool:
        """Whether everything that this filter matches is matched by `other` too.

        May answer False where it is true; never the other way round.
        """
        return all(any(mine.implies(theirs) for mine in self.terms) for theirs in other.terms)


_Values = Callable[[Key, Sequence[str]], Sequence[str]]


def _of_metadata(name: str) -> _Values:
    def values(key: Key, aliases: Sequence[str]) -> Sequence[str]:
        return () if key.metadata is None else (getattr(key.metadata, name),)

    return values


def _tag_keys(key: Key, aliases: Sequence[str]) -> Sequence[str]:
    return [tag.key for tag in key.tags or ()]


_OF_METADATA = {
    "description": "description",
    "state": "state",
    "spec": "spec",
    "usage": "usage",
    "origin": "origin",
    "manager": "manager",
    "multi": "multi_region",
    "store": "custom_key_store_id",
}

_FIELDS: dict[str, _Values] = {
    "alias": lambda key, aliases: aliases,
    "id": lambda key, aliases: (key.bare_id,),
    "arn": lambda key, aliases: (key.arn,),
    "owner": lambda key, aliases: (key.account, "shared" if key.sharer else "self"),
    "region": lambda key, aliases: (key.region,),
    "account": lambda key, aliases: (key.account,),
    "problem": lambda key, aliases: (key.problem,),
    "rotation": lambda key, aliases: (rotation_word(key),),
    "tag": _tag_keys,
    **{name: _of_metadata(attribute) for name, attribute in _OF_METADATA.items()},
}

_SHORT = {"desc": "description", "tags": "tag"}


def _texts(key: Key, aliases: Sequence[str]) -> Sequence[str]:
    texts = [*aliases, key.bare_id, key.arn]
    if key.metadata is not None and key.metadata.description:
        texts.append(key.metadata.description)
    texts.extend(f"{tag.key}={tag.value}" for tag in key.tags or ())
    return texts


_TERM = re.compile(
    r"""(?=\S)(?P<not>-(?!\s))?(?:/(?P<regex>(?:\\.?|[^/\\])*)/?|(?P<word>(?:"[^"]*"?|[^\s"])*))""",
    re.DOTALL,
)
"""A word and its `-`: an expression up to a `/` that is not escaped, or text with its quotes."""


def parse_filter(text: str, now: datetime | None = None) -> Filter:
    """Read what a person typed; times in it are counted from `now`, to the minute.

    Raises:
        FilterError: a regular expression or a time in it is not valid, or the text is too long.
    """
    # The same words within a minute are the same filter.
    moment = (now or datetime.now(UTC)).replace(second=0, microsecond=0)
    if len(text) > LONGEST_FILTER:
        raise FilterError(
            f"The filter has {len(text):,} characters, {LONGEST_FILTER:,} at most. "
            "Nothing is filtered until it is shorter."
        )
    terms: list[Term] = []
    for match in _TERM.finditer(text):
        source, word = match["regex"], match["word"]
        term = _regex(source) if word is None else _term(word.replace('"', "").casefold(), moment)
        if term is not None:
            terms.append(Not(term) if match["not"] else term)
    return Filter(tuple(terms))


def _term(word: str, now: datetime) -> Term | None:
    name, colon, value = word.partition(":")
    name = _SHORT.get(name, name)
    if colon and is_special(name):
        return special_term(name, value, now)
    if colon and name in _FIELDS:
        tag_key, equals, tag_value = value.partition("=")
        if name == "tag" and equals:
            return TagValue(tag_key, tag_value)
        return Field(name, value)
    return Text(word) if word else None


def _regex(escaped: str) -> Term | None:
    source = escaped.replace("\\/", "/")
    if not source:
        return None
    try:
        return Regex(re.compile(source, re.IGNORECASE))
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterError(
            f"The regular expression /{source}/ is not valid: {error}. "
            "Nothing is filtered until it is."
        ) from error
