"""A key whose policy is edited on the screen, with a service that can answer wrongly."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from kmstui.model import Identity, IdentityPolicy
from kmstui.service.editing import HistoryItem
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.editing.review_screen import ReviewScreen
from kmstui.ui.runtime.options import UiOptions
from kmstui.ui.widgets.prose_rows import Rows
from tests.fakes import ACCOUNT, IMPORTED, ROLE_ARN
from tests.screens import NARROW, Running, running
from tests.service.editing.conftest import Service

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
ROLE = {"AWS": ROLE_ARN}
ROOT_STATEMENT = {
    "Sid": "Enable IAM User Permissions",
    "Effect": "Allow",
    "Principal": ROOT,
    "Action": "kms:*",
    "Resource": "*",
}


def allow(sid: str, principal: object, *actions: str) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": "*",
    }


def policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=4)


OLD = policy(ROOT_STATEMENT)
MINE = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrypt"))
THEIRS = policy(ROOT_STATEMENT, allow("Theirs", ROLE, "kms:DescribeKey"))
ROLE_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:PutKeyPolicy", "iam:PutRolePolicy"],
                "Resource": "*",
            }
        ],
    },
    indent=4,
)


def service(stored: str = OLD) -> Service:
    """The account of the workshop, the role's IAM policy included."""
    gateway = Service()
    gateway.stored = stored
    name = ROLE_ARN.rsplit("/", 1)[-1]
    gateway.world.identities[ROLE_ARN] = Identity(
        ROLE_ARN, name, "role", (IdentityPolicy("access", ROLE_POLICY, inline=True),)
    )
    return gateway


def what_happened(versions: Iterable[HistoryItem | None]) -> list[str]:
    """What the versions of a history are, such as "saved and read back"."""
    return [each.what for each in versions if each is not None]


@dataclass
class EditingBench:
    """A running program with the key chosen."""

    run: Running
    gateway: Service

    @property
    def screen(self) -> EditScreen:
        screen = self.run.app.screen
        assert isinstance(screen, EditScreen), screen
        return screen

    async def open(self, key: str = "e") -> EditScreen:
        """Open the editor and wait for the text."""
        await self.run.press(key)
        await self.run.wait_for(lambda: isinstance(self.run.app.screen, EditScreen))
        await self.run.wait_for(lambda: self.run.app.focused is self.screen.viewer.area)
        return self.screen

    async def choose_role(self) -> None:
        """Ask for the role of the key, to edit its policy."""
        await self.run.press("i")
        await self.run.wait_for("Edit a policy of which role?")
        await self.run.press("enter")

    async def open_role(self, policy: str = "access") -> None:
        """Open the role's policy of this name and wait for the text."""
        await self.choose_role()
        await self.run.wait_for(f"Edit role {ROLE_ARN.rsplit('/', 1)[-1]}, {policy}")
        await self.run.wait_for(lambda: self.screen.viewer.display)

    async def write(self, text: str) -> None:
        """Put a text into the editor, as a paste over everything does."""
        editor = self.screen.editor
        assert editor is not None
        editor.replace_text(text)
        await self.run.wait_for(lambda: self.screen.editing._kept == text)

    async def review(self) -> None:
        """Ctrl-s, and wait for what it does."""
        await self.run.press("ctrl+s")
        await self.run.wait_for(lambda: "After this save" in self.said)

    async def acknowledge(self) -> None:
        """Take note of every error, one by one, in the review."""
        review = self.run.app.screen
        assert isinstance(review, ReviewScreen)
        while review._missing():
            await self.run.press("space")

    @property
    def said(self) -> str:
        """All that the rows of the screen in front say, in sight or not."""
        screen = self.run.app.screen
        found = screen.query(Rows)
        assert found, screen
        return " ".join(found.first().text.split())


Opening = Callable[..., AbstractAsyncContextManager[EditingBench]]


@pytest.fixture
def editing() -> Opening:
    """Start the program with ImportedCMK chosen."""

    @asynccontextmanager
    async def begin(
        gateway: Service | None = None,
        *,
        size: tuple[int, int] = NARROW,
        options: UiOptions | None = None,
        read_only: bool = False,
        key: str = IMPORTED,
    ) -> AsyncIterator[EditingBench]:
        gateway = gateway or service()
        async with running(gateway, size=size, options=options, read_only=read_only) as run:
            await run.choose(key)
            yield EditingBench(run, gateway)

    return begin
