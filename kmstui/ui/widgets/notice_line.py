"""Lines that tell what happened, until a person goes on working."""

from __future__ import annotations

from time import monotonic

from kmstui.service.inventory.store import Notice, Store
from kmstui.ui.widgets.frame_lines import Sentences

NOTICE_SECONDS = 2.0
"""A notice outlives keys pressed within this time: they were on their way already."""

_ROLES = {"information": "good", "warning": "warn", "error": "bad"}


class FadingLine(Sentences):
    """What was there long enough to be read goes with the next key."""

    _said = 0.0

    def tell(self, text: str, role: str = "") -> None:
        """Say this until the person goes on working."""
        self._said = monotonic()
        self.say(text, role)

    def tell_notice(self, notice: Notice) -> None:
        """Say this notice in its colour."""
        self.tell(notice.text, _ROLES.get(notice.severity, ""))

    def fade(self) -> None:
        """The person goes on."""
        if self.text and monotonic() - self._said > NOTICE_SECONDS:
            self.say("")

    def close(self) -> bool:
        """Take the text away; answers whether there was one."""
        there = bool(self.text)
        self.say("")
        return there


class NewestNotice(FadingLine):
    """The notice told last."""

    def __init__(self, store: Store, *, id: str) -> None:
        super().__init__(id=id)
        self._store = store
        self._newest: Notice | None = None

    def show_newest(self) -> None:
        """Show it, unless it is shown already or the banner says the same."""
        notices = self._store.notices
        if not notices or notices[-1] is self._newest:
            return
        self._newest = notices[-1]
        if self._newest.text != self._store.banner:
            self.tell_notice(self._newest)
