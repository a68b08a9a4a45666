"""Regular expressions that are compiled when they are first used.

One start in a script uses a fourth of those that its modules name, and compiling the others took a
twelfth of the processor time of `kmstui lint`.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _LatePattern:
    """Becomes the pattern, method by method, as they are asked for."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._how = pattern, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._how), name)
        # Found at once the next time, as fast as that of a pattern.
        setattr(self, name, value)
        return value


def late_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern with all methods and attributes of `re.Pattern`.

    Raises:
        re.error: at its first use, where the pattern is wrong.
    """
    return cast("re.Pattern[str]", _LatePattern(pattern, flags))
