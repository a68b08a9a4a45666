"""Styles as the terminal takes them, and the shortest way from one to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29}
"""ECMA-48's codes that end a rendition; 22 ends bold and faint alike."""
_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Rendition:
    """What `Select Graphic Rendition` (ECMA-48, 8.3.117) has set."""

    effects: frozenset[int] = frozenset()
    foreground: str = ""
    background: str = ""

    def change_to(self, wanted: Rendition) -> str:
        """The parameters that lead from this one to another."""
        ended = self.effects - wanted.effects
        if not ended <= _OFF.keys():
            return ";".join(["0", *wanted._parameters()])
        off = {_OFF[effect] for effect in ended}
        begun = {
            effect
            for effect in wanted.effects
            if effect not in self.effects or _OFF.get(effect) in off
        }
        parameters = [str(code) for code in (*sorted(off), *sorted(begun))]
        if wanted.foreground != self.foreground:
            parameters.append(wanted.foreground or "39")
        if wanted.background != self.background:
            parameters.append(wanted.background or "49")
        return ";".join(parameters)

    def _parameters(self) -> Iterator[str]:
        yield from map(str, sorted(self.effects))
        yield from filter(None, (self.foreground, self.background))

    @classmethod
    def parse(cls, parameters: str) -> Rendition:
        """Read what Rich has written for a style."""
        codes = iter(int(code) for code in parameters.split(";") if code)
        effects: set[int] = set()
        foreground = background = ""
        for code in codes:
            if code in (38, 48):
                kind = next(codes, 5)
                color = ";".join(map(str, [code, kind, *_values(codes, kind)]))
            else:
                color = str(code)
            if 30 <= code <= 39 or 90 <= code <= 97:
                foreground = color
            elif 40 <= code <= 49 or 100 <= code <= 107:
                background = color
            else:
                effects.add(code)
        return cls(frozenset(effects), foreground, background)


def _values(codes: Iterator[int], kind: int) -> list[int]:
    return [next(codes, 0) for _ in range(3 if kind == 2 else 1)]


class StyleTable:
    """Gives numbers to styles; styles that look alike on the terminal share one.

    Number 0 is the terminal's own style.
    """

    def __init__(self) -> None:
        self._system: ColorSystem | None = None
        self._numbers: dict[Style, int] = {}
        self._by_parameters: dict[str, int] = {"": 0}
        self._renditions = [Rendition()]
        self._links = [""]
        self._changes: dict[tuple[int, int], str] = {}

    def use(self, system: ColorSystem) -> bool:
        """Take the colours that the terminal has; False where numbers given before are void."""
        kept = self._system in (None, system) and len(self._numbers) < _MOST_KEPT
        if not kept:
            self.__init__()  # type: ignore[misc]
        self._system = system
        return kept

    def number(self, style: Style | None) -> int:
        """The number of a style."""
        if style is None:
            return 0
        number = self._numbers.get(style)
        if number is None:
            number = self._numbers[style] = self._new_number(style)
        return number

    def _new_number(self, style: Style) -> int:
        system = self._system or ColorSystem.TRUECOLOR
        parameters = Strip.render_ansi(style, system)
        key = parameters
        if style.link:
            key = f"{parameters} {style.link}"
        number = self._by_parameters.get(key)
        if number is None:
            number = self._by_parameters[key] = len(self._renditions)
            self._renditions.append(Rendition.parse(parameters))
            self._links.append(style.link or "")
        return number

    def change(self, before: int, after: int) -> str:
        """The sequence that makes the terminal write in style `after`."""
        if before == after:
            return ""
        sequence = self._changes.get((before, after))
        if sequence is None:
            sequence = self._change(before, after)
            self._changes[before, after] = sequence
        return sequence

    def _change(self, before: int, after: int) -> str:
        parameters = self._renditions[before].change_to(self._renditions[after])
        sequence = f"\x1b[{parameters}m" if parameters else ""
        if self._links[before] != self._links[after]:
            sequence += f"\x1b]8;;{self._links[after]}\x1b\\"
        return sequence
