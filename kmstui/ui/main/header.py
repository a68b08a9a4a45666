"""The line above the panes: whose keys these are, and how KMS is reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.dom import DOMNode

from kmstui.model import Caller, ConnectionInfo, Route
from kmstui.service.session import Session
from kmstui.service.sessions import LeftOut, Sessions
from kmstui.ui.commands import key_of
from kmstui.ui.style import OneLine, Part, Symbols, fit, parts_width, width_of

_ROUTE_LEAST = 8
"""Cells of a route that still say something, such as `public …`."""

_ROLE_LEAST = 12


class HeaderLine(OneLine):
    """Account, caller, Region and route of the connection in use; never what was asked for."""

    def __init__(self, symbols: Symbols, *, id: str) -> None:
        super().__init__(id=id)
        self._dot: Part = (f" {symbols.dot} ", "dim")
        self._info: ConnectionInfo | None = None
        self._caller: Caller | None = None
        self._problem = ""
        self._several = ""
        self._mode: tuple[Part, ...] = ()

    def show_connection(
        self,
        info: ConnectionInfo | None,
        caller: Caller | None,
        problem: str,
        *,
        read_only: bool,
        several: str = "",
    ) -> None:
        """Say what the connection is; `problem` is why the caller is not known.

        `several` says in words how many there are, where there is more than one.
        """
        self._several = several
        self._info, self._caller, self._problem = info, caller, problem
        demo = info is not None and info.is_demo
        self._mode = tuple(
            (f" {word} ", "warn") for word, on in (("DEMO", demo), ("READ-ONLY", read_only)) if on
        )
        self._write()

    def on_resize(self) -> None:
        """There is more or less room."""
        self._write()

    def _write(self) -> None:
        room = self.size.width - parts_width(self._mode)
        parts: list[Part] = []
        for parts in self._forms(room):
            if not self.size.width or parts_width(parts) <= room:
                break
        self.show(parts, self._mode)

    def _forms(self, room: int) -> Iterator[list[Part]]:
        """What the line can say, the fullest first.

        Account, role and Region say which keys these are and as whom they are read: session,
        profile, route, and what decided on the Region give way to them.
        """
        name: Part = (" kmstui ", "title")
        info = self._info
        if info is None:
            yield [name, (" not connected", "dim")]
            return
        if self._several:
            yield [name, f" {self._several}"]
            yield [f" {self._several}"]
            return
        route = info.endpoint_url if info.route is Route.CUSTOM else info.route.value
        profile = f"profile {info.profile}" if info.profile else ""
        caller = "" if self._caller is None else self._caller.short
        role = (self._caller and self._caller.role_name) or caller
        by = f" ({info.region_from})" if info.region_from else ""
        yield self._line(caller, route, profile, before=name, by=by)
        yield self._line(caller, route, profile, by=by)
        yield self._line(role, route, profile, before=name, by=by)
        yield self._line(role, route, profile, by=by)
        yield self._line(role, route, profile)
        yield self._line(role, route)
        without_route = self._line(role)
        left = room - parts_width(without_route)
        if left - parts_width((self._dot,)) >= _ROUTE_LEAST:
            yield self._line(role, fit(route, left - parts_width((self._dot,))))
        yield without_route
        if width_of(role) + left >= _ROLE_LEAST:
            yield self._line(fit(role, width_of(role) + left))
        without_account = self._line(role, account=False)
        cut = width_of(role) + room - parts_width(without_account)
        yield self._line(fit(role, max(_ROLE_LEAST, cut)), account=False)

    def _line(
        self,
        who: str,
        route: str = "",
        profile: str = "",
        *,
        before: Part | None = None,
        account: bool = True,
        by: str = "",
    ) -> list[Part]:
        parts: list[Part] = [] if before is None else [before]
        if self._caller is not None:
            parts += [" "] if not account else [(f" {self._caller.account}", "accent"), self._dot]
            parts.append(who)
        elif self._problem:
            parts.append((" identity unknown", "warn"))
        else:
            parts.append((" asking…", "dim"))
        if self._info is not None:
            parts += [self._dot, (self._info.region, "accent"), *([(by, "dim")] if by else [])]
        for text, style in ((route, "dim"), (profile, "")):
            if text:
                parts += [self._dot, (text, style)]
        return parts


def several_words(session: Session, node: DOMNode) -> str:
    """How many accounts and Regions are open at once: `3 accounts · 5 Regions`; "" for one.

    `node` stands on the screen whose keys are named.
    """
    sessions = session.each
    left_out = sum(len(each.targets) for each in left_out_of(session))
    if len(sessions) < 2 and not left_out:
        return ""
    open_ones = [each for each in sessions if each.info is not None]
    accounts = {each.scope.account for each in open_ones if each.scope is not None}
    regions = {each.info.region for each in open_ones if each.info is not None}
    words = [f"{_number(len(accounts), 'account')} · {_number(len(regions), 'Region')}"]
    callers = {each.caller.short for each in open_ones if each.caller is not None}
    if len(callers) == 1:
        words.append(callers.pop())
    if missing := len(sessions) - len(open_ones):
        words.append(f"{missing} of {len(sessions)} not open")
    if left_out:
        key = key_of("session.rest", node)
        by = f" ({key})" if key else ""
        words.append(f"{_number(left_out, 'Region')} without keys left out{by}")
    return " · ".join(words)


def left_out_of(session: Session) -> Sequence[LeftOut]:
    """The Regions that are not read, since an index of AWS's knows no key there."""
    return session.left_out if isinstance(session, Sessions) else ()


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
