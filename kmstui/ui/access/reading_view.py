"""What the views of access have in common: they read what their answer rests on."""

from __future__ import annotations

import asyncio

from kmstui.model import Key
from kmstui.policy.access import KeyFacts
from kmstui.service.inventory import Store
from kmstui.service.session import Session
from kmstui.ui.main import KeyView
from kmstui.ui.policy import pretty
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Sentences


def further_policies(store: Store, key_id: str) -> tuple[str, ...]:
    """Policies of the key besides the default one, on which no answer rests, in words."""
    policies = store.policies.get(key_id, ())
    return tuple(f"the key's policy {each.name}" for each in policies if each.name != "default")


def key_facts(key: Key) -> KeyFacts:
    """What decides which actions a key takes."""
    metadata = key.metadata
    return KeyFacts(key.arn, metadata.usage if metadata else "", metadata.spec if metadata else "")


class ReadingView(KeyView):
    """Reads again when something that it shows has changed; a failure is shown in its place."""

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._key_id: str | None = None
        self._shown = asyncio.Event()
        self.left_out = Sentences(most_lines=6, more="")
        """What no answer rests on."""
        self.left_out.display = False

    @property
    def connection(self) -> Session:
        """The session over the connection of the key that is shown."""
        return self.session.of(self._key_id or "")

    async def wait_until_shown(self) -> None:
        """Wait for the answer, or for why there is none."""
        await self._shown.wait()

    def begin(self) -> None:
        """Read what is missing, and show it."""
        if self._key_id is not None:
            self.read(self._key_id)

    async def load(self, key_id: str) -> None:
        """Begin with the key policy; without one the session is reading it, and will tell."""
        key = self.store.keys.get(key_id)
        policy = self.store.default_policy(key_id)
        if key is None or policy is None:
            return
        if policy.problem:
            self.show_problem(policy.problem)
        else:
            await self.work_out(key, pretty(policy.text))

    async def work_out(self, key: Key, policy: str) -> None:
        """Read what else the answer rests on, and show it.

        Raises:
            ServiceError: it could not be read; `show_problem` gets the sentence.
        """
        raise NotImplementedError
