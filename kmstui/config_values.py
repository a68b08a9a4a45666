"""What a setting's value may be: a reader for each kind, and what JSON Schema says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from kmstui.model import Posture

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


Reader = Callable[[Any, str], object]
"""Makes a setting of what is written there and says, in a `ConfigError`, where it stands."""


class ConfigError(Exception):
    """A setting cannot be read; the message is a sentence that names where it stands."""


def text_of(value: Any, where: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be text, not {value!r}.")
    return value


def flag_of(value: Any, where: str) -> bool:
    """True or false, as TOML or a variable spells it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE:
        return True
    if isinstance(value, str) and value.lower() in _FALSE:
        return False
    raise ConfigError(f"{where} must be true or false, not {value!r}.")


def words_of(value: Any, where: str) -> tuple[str, ...]:
    """Words: a list of them, or a text with blanks or commas between."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ConfigError(f"{where} must be a list of words, not {value!r}.")


def rules_of(value: Any, where: str) -> tuple[str, ...]:
    """Ids of rules: of the linter, and of those about keys themselves."""
    return tuple(_rule_of(word, where) for word in words_of(value, where))


def _rule_of(word: str, where: str) -> str:
    # Most people turn nothing off, and the screens need the rules only later.
    from kmstui.policy.lint import UnknownRuleError, known_rule
    from kmstui.service.findings import RULES

    if word.upper() in RULES:
        return word.upper()
    try:
        return known_rule(word)
    except UnknownRuleError as error:
        raise ConfigError(
            f"{where}: {error} `kmstui lint --list-rules` and `kmstui findings --list-rules` list"
            " them all."
        ) from None


_DAYS = range(3_651)
_SEVERITIES = ("error", "warning", "info")


def posture_of(value: Any, where: str) -> Posture:
    """What a person wants of keys."""
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of thresholds, not {value!r}.")
    shapes = {each.name: str(each.type) for each in fields(Posture)}
    made: dict[str, Any] = {}
    for written, said in value.items():
        name, place = written.replace("-", "_"), f"{written!r} of {where}"
        if name not in shapes:
            raise ConfigError(f"{place} is not known; known ones are {', '.join(shapes)}.")
        if name == "severity":
            made[name] = _severities_of(said, place)
        elif shapes[name] != "int":
            made[name] = words_of(said, place)
        elif isinstance(said, int) and not isinstance(said, bool) and said in _DAYS:
            made[name] = said
        else:
            raise ConfigError(f"{place} must be whole days, 0 to {_DAYS[-1]:,}, not {said!r}.")
    return Posture(**made)


def _severities_of(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    from kmstui.service.findings import RULES

    if not isinstance(value, dict):
        raise ConfigError(f'{where} must be a table such as KEY01 = "error", not {value!r}.')
    for rule, word in value.items():
        if rule not in RULES:
            raise ConfigError(f"{where} names {rule!r}; rules about keys are {', '.join(RULES)}.")
        if word not in _SEVERITIES:
            raise ConfigError(
                f"{rule} of {where} must be one of {', '.join(_SEVERITIES)}, not {word!r}."
            )
    return tuple(value.items())


def rules_by_key_of(value: Any, where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Ids of rules by key ID."""
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of key IDs, not {value!r}.")
    return tuple((key, rules_of(words, f"{key!r} of {where}")) for key, words in value.items())


REMEMBERED = (
    "sort",
    "columns",
    "aws_keys",
    "widths",
    "view",
    "filters",
    "wrap",
    "names",
    "connection",
)
"""What can be remembered."""


def remembered_of(value: Any, where: str) -> tuple[str, ...]:
    """What is to be remembered; none for `nothing`."""
    words = words_of(value, where)
    if words == ("nothing",):
        return ()
    for word in words:
        if word not in REMEMBERED:
            raise ConfigError(
                f"{where} names {word!r}, which cannot be remembered; what can be is"
                f" {', '.join(REMEMBERED)}, or nothing."
            )
    return words


def themes_of(value: Any, where: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Colours by part and theme."""
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ConfigError(f"{where} must be tables of colours, such as [themes.mine].")
    return tuple(
        (
            name,
            tuple(
                (part.replace("_", "-"), text_of(colour, f"{part!r} of {name} in {where}"))
                for part, colour in colours.items()
            ),
        )
        for name, colours in value.items()
    )


def keys_of(value: Any, where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Keys by the name of a command."""
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of commands, not {value!r}.")
    return tuple(
        (name, (keys,) if isinstance(keys, str) else words_of(keys, f"{name!r} of {where}"))
        for name, keys in value.items()
    )


def listed_of(value: Any, where: str) -> str:
    """One name or several, with commas between them."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return text_of(value, where)


_OF_A_SET = {
    "profile": "profile",
    "profiles": "profile",
    "region": "region",
    "regions": "region",
    "role": "role",
    "accounts": "accounts",
}
"""What a set can say, by the setting that it stands for."""


def sets_of(value: Any, where: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Settings of connections by the name of a set."""
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ConfigError(f"{where} must be tables of connections, such as [sets.prod].")
    found = []
    for name, said in value.items():
        for each in said:
            if each not in _OF_A_SET:
                raise ConfigError(
                    f"{each!r} of the set {name} in {where} is not known; a set names profiles,"
                    " regions, role and accounts."
                )
        pairs = (
            (_OF_A_SET[each], listed_of(names, f"{each!r} of {name} in {where}"))
            for each, names in said.items()
        )
        found.append((name, tuple(pairs)))
    return tuple(found)


READERS: Mapping[str, Reader] = {
    "str": text_of,
    "bool": flag_of,
    "tuple[str, ...]": words_of,
}
"""By the type of a setting; one that is read in another way names its reader."""

_WORDS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_DAYS_SHAPE = {"type": "integer", "minimum": 0, "maximum": _DAYS[-1]}
_POSTURE_SHAPES = {
    each.name: _DAYS_SHAPE if str(each.type) == "int" else _WORDS for each in fields(Posture)
} | {"severity": {"type": "object", "additionalProperties": {"enum": list(_SEVERITIES)}}}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
SHAPES: Mapping[Reader, Mapping[str, Any]] = {
    text_of: {"type": "string"},
    flag_of: {"type": "boolean"},
    words_of: _WORDS,
    rules_of: _WORDS,
    rules_by_key_of: {"type": "object", "additionalProperties": _WORDS},
    remembered_of: {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"enum": [*REMEMBERED, "nothing"]}},
        ]
    },
    keys_of: {"type": "object", "additionalProperties": _WORDS},
    posture_of: {
        "type": "object",
        "properties": {
            spelt: shape
            for name, shape in _POSTURE_SHAPES.items()
            for spelt in (name, name.replace("_", "-"))
        },
        "additionalProperties": False,
    },
    themes_of: {"type": "object", "additionalProperties": _TEXTS},
    listed_of: _WORDS,
    sets_of: {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": dict.fromkeys(_OF_A_SET, _WORDS),
            "additionalProperties": False,
        },
    },
}
"""What each reader takes, as JSON Schema has it."""
