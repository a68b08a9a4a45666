"""What the screens need to know of a person's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from textual.theme import Theme

from kmstui.model import Posture, bare_name
from kmstui.service.ports import Remembered, Target


@dataclass(frozen=True, slots=True)
class UiOptions:
    """Settings as far as they concern the screens."""

    target: Target = field(default_factory=Target)
    """What to connect to first."""
    key: str = ""
    """The key to open on: ID, ARN or alias; empty for none."""
    theme: str = ""
    """A theme's name; empty for what suits the terminal."""
    own_themes: tuple[Theme, ...] = ()
    """Themes of the person's own."""
    columns: tuple[str, ...] = ()
    """Columns of the keys table in order; empty for the usual ones."""
    remember: tuple[str, ...] = ()
    """What is remembered from one run to the next, as the setting `remember` says."""
    remembered: Remembered | None = None
    """Where that is kept; None: nowhere."""
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Ids of commands with the keys that they have instead of their own, as Textual names keys."""
    bell: bool = False
    """Whether the terminal rings when what took long has ended."""
    ascii: bool = False
    """Draw with ASCII alone, texts too."""
    plain_signs: bool = False
    """Draw marks with ASCII alone, and texts as they are."""
    disable: tuple[str, ...] = ()
    """Ids of rules that are off."""
    disable_by_key: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Rules that are off for one key, by key ID."""
    posture: Posture = field(default_factory=Posture)
    """What is wanted of keys themselves."""
    state_directory: Path | None = None
    """A directory of this user's own for texts on their way to an editor; None: the system's."""
    templates_directory: Path | None = None
    """Where a person's own policy templates are; None: nowhere."""
    fault_log: Path | None = None
    """Where details of a fault in the program itself are written; None: nowhere."""

    @property
    def own_theme_names(self) -> tuple[str, ...]:
        """Names of the person's own themes."""
        return tuple(theme.name for theme in self.own_themes)

    def rules_off(self, key_id: str) -> frozenset[str]:
        """Ids of the rules that are off for a key."""
        return frozenset((*self.disable, *dict(self.disable_by_key).get(bare_name(key_id), ())))
