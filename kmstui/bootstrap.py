"""The composition root: the only module that knows every layer.

Its functions import what they compose, so that `lint` of a file never pays for the screens,
and the first frame never waits for boto3.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kmstui.config import Settings
    from kmstui.scripting.can import KeyAccess
    from kmstui.scripting.lint import StoredPolicy
    from kmstui.scripting.live_source import LiveSource
    from kmstui.service.ports import Connector, Journal, Target
    from kmstui.ui.app import KmsApp


class StartError(Exception):
    """The program cannot start; the message is a sentence."""


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def run_app(settings: Settings, *, key: str, demo: bool, demo_keys: int) -> int:
    """Run the screens until the person quits; answers the exit code.

    Raises:
        StartError: something it cannot do without is not there.
    """
    if demo and not (find_spec("moto") and find_spec("waitress")):
        raise StartError(
            "--demo needs moto and waitress: install kmstui with its extra “demo” (see the README)."
        )
    with composed_app(settings, key=key, demo=demo, demo_keys=demo_keys) as app:
        code = app.run(mouse=settings.mouse) or 0
    if app.ended_by is not None:
        from kmstui.ui.terminal.signals import die_of

        die_of(app.ended_by)
    return code


@contextmanager
def composed_app(
    settings: Settings, *, key: str = "", demo: bool = False, demo_keys: int = 0
) -> Iterator[KmsApp]:
    """The program with all of its layers; what it holds open is closed at the end."""
    from kmstui.aws.process.starting import start_early

    # Before all else is imported: to be ready takes it as long as the screens.
    started = start_early(read_only=settings.read_only)

    import asyncio
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    from kmstui.aws.process.connector import ProcessConnector
    from kmstui.service.inventory.store import Store
    from kmstui.service.ports import Target

    def later(seconds: float, callback: Callable[[], None]) -> object:
        return asyncio.get_running_loop().call_later(seconds, callback)

    with ExitStack() as stack:
        store = Store(later)
        prompt = MfaBridge()
        target = Target(settings.profile, settings.region, settings.endpoint_url)
        aws = ProcessConnector(
            store.record_call,
            prompt,
            read_only=settings.read_only,
            started=started,
            # A demo must not even look for the person's credentials.
            expected=None if demo else target,
        )
        stack.callback(aws.close)
        connector: Connector = aws

        from kmstui.config import config_path
        from kmstui.journal import open_journal
        from kmstui.service.session import Session
        from kmstui.terminal import has_few_glyphs, takes_utf8
        from kmstui.ui.app import KmsApp
        from kmstui.ui.runtime.options import UiOptions

        state = settings.state_path
        if demo:
            from kmstui.demo.embedded import EmbeddedOptions
            from kmstui.demo_connection import DemoConnector

            # What happens in a demo is nobody's history.
            scratch = TemporaryDirectory(prefix="kmstui-demo-", ignore_cleanup_errors=True)
            state = Path(stack.enter_context(scratch))
            embedded = DemoConnector(aws, EmbeddedOptions(demo_keys, scratch=str(state)))
            stack.callback(embedded.stop)
            connector = embedded
        journal = open_journal(state)
        stack.callback(close_journal, journal)
        session = Session(store, connector, journal, now, read_only=settings.read_only)
        stack.callback(session.close)
        app = KmsApp(
            session,
            UiOptions(
                target=target,
                key=key,
                theme=settings.theme,
                columns=settings.columns,
                ascii=settings.ascii or not takes_utf8(),
                plain_signs=has_few_glyphs(),
                disable=settings.disable,
                disable_by_key=settings.disable_by_key,
                state_directory=state,
                templates_directory=config_path().parent / "templates",
                fault_log=state / "faults.log",
            ),
        )
        prompt.ask = app.ask_mfa_code
        yield app


def run_lint(arguments: Sequence[str]) -> int:
    """Run `kmstui lint`; answers the exit code.

    Raises:
        ConfigError: a setting cannot be read.
    """
    from kmstui.config import load_settings
    from kmstui.scripting import lint as lint_command

    settings = load_settings({})
    return lint_command.run(
        arguments,
        SourceOnDemand(settings),
        disabled=settings.disable,
        disabled_by_key=dict(settings.disable_by_key),
    )


def run_can(arguments: Sequence[str]) -> int:
    """Run `kmstui can`; answers the exit code.

    Raises:
        ConfigError: a setting cannot be read.
    """
    from kmstui.config import load_settings
    from kmstui.scripting import can as can_command

    return can_command.run(arguments, SourceOnDemand(load_settings({})))


class SourceOnDemand:
    """Keys of a live account for `lint` and `can`; loads what that takes at the first question.

    What a command's flags leave open comes from the settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def policy(self, target: Target, key: str) -> StoredPolicy:
        """As `LiveSource.policy`."""
        return self._source().policy(self._settled(target), key)

    def policies(
        self, target: Target, progress: Callable[[int, int], None]
    ) -> Iterator[StoredPolicy]:
        """As `LiveSource.policies`."""
        return self._source().policies(self._settled(target), progress)

    def caller(self, target: Target) -> str:
        """As `LiveSource.caller`."""
        return self._source().caller(self._settled(target))

    def key_access(self, target: Target, key: str, principal: str) -> KeyAccess:
        """As `LiveSource.key_access`."""
        return self._source().key_access(self._settled(target), key, principal)

    def _settled(self, target: Target) -> Target:
        from kmstui.service.ports import Target

        settings = self._settings
        return Target(
            target.profile or settings.profile,
            target.region or settings.region,
            target.endpoint_url or settings.endpoint_url,
        )

    def _source(self) -> LiveSource:
        from getpass import getpass

        from kmstui.aws.session.connector import AwsConnector
        from kmstui.scripting.live_source import LiveSource

        def ask(serial: str) -> str:
            return getpass(f"MFA code for {serial}: ")

        return LiveSource(lambda: AwsConnector(lambda record: None, ask, read_only=True))


def close_journal(journal: Journal) -> None:
    """Close the journal; what it could not keep is said where the screen was."""
    from kmstui.service.errors import JournalError

    try:
        journal.close()
    except JournalError as error:
        print(f"kmstui: {error.sentence}", file=sys.stderr)


class MfaBridge:
    """Leads a connector's question for an MFA code to the screen, which is made after it."""

    def __init__(self) -> None:
        self.ask: Callable[[str], str] = lambda serial: ""

    def __call__(self, serial: str) -> str:
        """The code, or "" when the person cancelled."""
        return self.ask(serial)
