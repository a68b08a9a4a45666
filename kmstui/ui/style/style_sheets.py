"""Where the style sheets are."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]


def styles_directory() -> Path:
    """`kmstui/styles` in an installed wheel, else the checkout's `styles` beside the package."""
    inside = _PACKAGE / "styles"
    return inside if inside.is_dir() else _PACKAGE.parent / "styles"


def style_sheets() -> list[Path]:
    """Every sheet, the theme's first, so that a screen's own rules come after it."""
    sheets = sorted(styles_directory().glob("*.tcss"))
    return sorted(sheets, key=lambda sheet: sheet.name != "theme.tcss")
