"""Which language a file is written in; all that who lints a policy in JSON waits for."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import PurePath

from kmstui.model import late_pattern


class Language(Enum):
    """What a file is written in."""

    JSON = auto()
    YAML = auto()
    TERRAFORM = auto()


_SUFFIXES = {
    ".yaml": Language.YAML,
    ".yml": Language.YAML,
    ".tf": Language.TERRAFORM,
    ".tofu": Language.TERRAFORM,
    ".hcl": Language.TERRAFORM,
}
TERRAFORM_SUFFIXES = tuple(each for each, of in _SUFFIXES.items() if of is Language.TERRAFORM)
_MAY_BE_TEMPLATE = late_pattern(r'"(?:Resources|resources?)"\s*:\s*[{\[]')
_MAY_HOLD_ONE = late_pattern(r"(?i)kms|statement")


def language_of(name: str, text: str) -> Language:
    """What a file is written in, by its name; `.template` may be either of two."""
    suffix = PurePath(name).suffix.lower()
    if suffix == ".template" and not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return Language.YAML
    return _SUFFIXES.get(suffix, Language.JSON)


def may_hold_policies(name: str, text: str) -> bool:
    """Whether a file may hold policies of keys without being one, at a first look."""
    of_json = language_of(name, text) is Language.JSON
    return (_MAY_BE_TEMPLATE if of_json else _MAY_HOLD_ONE).search(text) is not None
