"""The composition root: the only module that knows every layer.

Its functions import what they compose, so that `lint` of a file never pays for the screens,
and the first frame never waits for boto3.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from textual.theme import Theme

    from kmstui.config import Settings
    from kmstui.scripting import LiveSource, Parser, Permission
    from kmstui.service.ports import Connector, Journal, Remembered, Target
    from kmstui.service.session import Session
    from kmstui.ui.app import KmsApp


class StartError(Exception):
    """The program cannot start; the message is a sentence."""


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def run_app(
    settings: Settings, *, key: str, demo: bool, demo_keys: int, region_from: str = ""
) -> int:
    """Run the screens until the person quits; returns the exit code.

    Raises:
        StartError: something it cannot do without is not there.
    """
    if demo:
        from kmstui.demo import why_no_demo

        if problem := why_no_demo():
            raise StartError(problem)
    with composed_app(
        settings, key=key, demo=demo, demo_keys=demo_keys, region_from=region_from
    ) as app:
        # After a fault nothing is returned, but it has its code.
        code = app.run(mouse=settings.mouse) or app.return_code or 0
    if app.ended_by is not None:
        from kmstui.ui.terminal import die_of

        die_of(app.ended_by)
    return code


@contextmanager
def composed_app(
    settings: Settings,
    *,
    key: str = "",
    demo: bool = False,
    demo_keys: int = 0,
    region_from: str = "",
) -> Iterator[KmsApp]:
    """The program with all of its layers; what it holds open is closed at the end.

    `region_from` is what the setting of the Region comes from.
    """
    from kmstui.aws.process import start_early

    # Before all else is imported: to be ready takes it as long as the screens.
    started = start_early(read_only=settings.read_only)

    import asyncio
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    from kmstui.aws.process import ProcessConnector
    from kmstui.service.inventory import Notice, Store

    def later(seconds: float, callback: Callable[[], None]) -> object:
        return asyncio.get_running_loop().call_later(seconds, callback)

    with ExitStack() as stack:
        store = Store(later)
        prompt = MfaBridge()
        from kmstui.chosen_target import target_of
        from kmstui.journal import RememberedFile, open_journal

        target = target_of(settings, region_from)
        remembered = None if demo else RememberedFile(settings.state_path)
        if remembered is not None:
            stack.callback(remembered.close)
            target = last_target(settings, target, remembered)
        aws = ProcessConnector(
            store.record_call,
            prompt,
            read_only=settings.read_only,
            started=started,
            # A demo must not even look for the person's credentials.
            expected=None if demo or target.is_several else target,
            told=lambda words: store.notify(Notice(now(), words, "warning")),
        )
        stack.callback(aws.close)
        connector: Connector = aws

        from kmstui.config import config_path
        from kmstui.config_values import ConfigError
        from kmstui.service.sessions import Sessions
        from kmstui.ui.app import KmsApp
        from kmstui.ui.commands import RebindingError, rebinding
        from kmstui.ui.runtime import UiOptions
        from kmstui.ui.terminal import has_few_glyphs, takes_utf8

        try:
            keys = rebinding(settings.keys)
        except RebindingError as error:
            raise ConfigError(f"[keys] in {config_path()}: {error}.") from None
        state = settings.state_path
        if demo:
            from kmstui.demo import DemoConnector, EmbeddedOptions

            # What happens in a demo is nobody's history.
            scratch = TemporaryDirectory(prefix="kmstui-demo-", ignore_cleanup_errors=True)
            state = Path(stack.enter_context(scratch))
            embedded = DemoConnector(
                aws, EmbeddedOptions(demo_keys, elsewhere=True, scratch=str(state))
            )
            stack.callback(embedded.stop)
            connector = embedded
        journal = open_journal(state)
        stack.callback(close_journal, journal)
        session = Sessions(store, connector, journal, now, read_only=settings.read_only, demo=demo)
        stack.callback(session.close)
        app = KmsApp(
            session,
            UiOptions(
                target=target,
                key=key,
                theme=settings.theme,
                own_themes=themes_of(settings),
                columns=settings.columns,
                remember=settings.remember,
                remembered=remembered,
                keys=keys,
                bell=settings.bell,
                ascii=settings.ascii or not takes_utf8(),
                plain_signs=has_few_glyphs(),
                disable=settings.disable,
                disable_by_key=settings.disable_by_key,
                posture=settings.posture,
                state_directory=state,
                templates_directory=config_path().parent / "templates",
                fault_log=state / "faults.log",
            ),
        )
        prompt.ask = app.ask_mfa_code
        yield app


def themes_of(settings: Settings) -> tuple[Theme, ...]:
    """The person's own themes.

    Raises:
        ConfigError: one of them cannot be made.
    """
    if not settings.themes:
        return ()
    from kmstui.config import config_path
    from kmstui.config_values import ConfigError
    from kmstui.ui.style import ThemeError, own_themes

    try:
        return own_themes(settings.themes)
    except ThemeError as error:
        raise ConfigError(f"[themes] in {config_path()}: {error}") from None


def last_target(settings: Settings, target: Target, remembered: Remembered) -> Target:
    """What was connected to last, where the person wants that and says nothing else."""
    from kmstui.config import has_aws_variables
    from kmstui.service.ports import CHOSEN, Target

    chosen = settings.profile or settings.region or settings.accounts or has_aws_variables()
    if chosen or "connection" not in settings.remember:
        return target
    last = remembered.recall("", "connection")
    match last:
        case [str(profile), str(region)]:
            return Target(profile, region, target.endpoint_url, CHOSEN)
        case _:
            return target


_SHARED = ("profile", "region", "endpoint_url", "set", "read_only")
"""Settings that an option of every command names."""


_WITHOUT_SETTINGS = ("config check", "config schema", "completion")
"""Commands that a setting that cannot be read must not keep from running."""


def run_command(options: argparse.Namespace, parser: Parser) -> int:
    """Run the command that `parser` read; returns the exit code.

    Raises:
        ConfigError: a setting cannot be read.
        StartError: the embedded KMS cannot be started.
    """
    from kmstui.config import load_settings, origin_of
    from kmstui.installation import installation
    from kmstui.scripting import Surroundings, run

    if options.command in _WITHOUT_SETTINGS:
        return run(options, Surroundings(names=names_seen, parser=lambda: parser))
    flags = {name: getattr(options, name, None) or None for name in _SHARED}
    settings = load_settings(flags)
    region_from = origin_of("region", flags)
    with demo_keys(settings) if options.demo else nullcontext(settings) as used:
        around = Surroundings(
            live=lambda: live_source(used, region_from),
            session=lambda: command_session(used, region_from, demo=options.demo),
            installation=lambda: installation(settings),
            permissions=permissions,
            disabled=settings.disable,
            disabled_by_key=dict(settings.disable_by_key),
            posture=settings.posture,
        )
        return run(options, around)


def names_seen() -> Iterable[str]:
    """Aliases and ids of the keys that the screens saw last, of every account and Region."""
    from kmstui.config import load_settings
    from kmstui.config_values import ConfigError
    from kmstui.journal import RememberedFile

    try:
        remembered = RememberedFile(load_settings({}).state_path)
    except ConfigError:
        return []
    kept = remembered.recall_of_all("names")
    found = (name for names in kept if isinstance(names, list) for name in names)
    return dict.fromkeys(name for name in found if isinstance(name, str))


def permissions() -> tuple[Permission, ...]:
    """The IAM actions that kmstui has a use for, by name."""
    from kmstui.aws.calls import Operation, operations
    from kmstui.scripting import Permission

    # AWS lets everybody ask who they are.
    found = {
        each.permission: Permission(each.permission, each.service, each.name, not each.reads)
        for each in vars(operations).values()
        if isinstance(each, Operation) and each.service != "sts"
    }
    return tuple(found[name] for name in sorted(found))


@contextmanager
def demo_keys(settings: Settings) -> Iterator[Settings]:
    """Run an embedded KMS and lead every call to it; the settings of a command that uses it.

    Raises:
        StartError: it cannot be started.
    """
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from kmstui.demo import (
        EmbeddedError,
        EmbeddedKms,
        EmbeddedOptions,
        replace_aws_environment,
        why_no_demo,
    )

    if problem := why_no_demo():
        raise StartError(problem)
    before = dict(os.environ)
    elsewhere = bool(settings.profile or settings.region or settings.set)
    try:
        with (
            TemporaryDirectory(prefix="kmstui-demo-") as scratch,
            EmbeddedKms.start(EmbeddedOptions(elsewhere=elsewhere)) as embedded,
        ):
            print("kmstui: a demo: no account has these keys.", file=sys.stderr)
            replace_aws_environment(os.environ, embedded.environment_in(scratch))
            yield replace(settings, endpoint_url="")
    except EmbeddedError as error:
        raise StartError(str(error)) from error
    finally:
        replace_aws_environment(
            os.environ, {name: value for name, value in before.items() if name.startswith("AWS_")}
        )


def command_target(settings: Settings, region_from: str) -> Target:
    """What a command connects to.

    Raises:
        CommandError: the settings name no such connection.
    """
    from kmstui.chosen_target import target_of
    from kmstui.config_values import ConfigError
    from kmstui.scripting import CommandError

    try:
        return target_of(settings, region_from)
    except ConfigError as error:
        raise CommandError(str(error)) from error


def live_source(settings: Settings, region_from: str = "") -> LiveSource:
    """Keys of a live account, for commands; what their flags leave open comes from the settings."""
    from getpass import getpass

    from kmstui.aws.session import AwsConnector
    from kmstui.scripting import LiveSource

    def ask(serial: str) -> str:
        return getpass(f"MFA code for {serial}: ")

    return LiveSource(
        lambda: AwsConnector(lambda record: None, ask, read_only=True, in_command=True),
        command_target(settings, region_from),
    )


@asynccontextmanager
async def command_session(
    settings: Settings, region_from: str, *, demo: bool
) -> AsyncIterator[Session]:
    """A session for a command that changes something: connected, with the person's journal.

    Raises:
        ServiceError: the connection could not be made.
    """
    import asyncio
    from contextlib import ExitStack
    from getpass import getpass
    from tempfile import TemporaryDirectory

    from kmstui.aws.session import AwsConnector
    from kmstui.journal import open_journal
    from kmstui.service.inventory import Store
    from kmstui.service.sessions import Sessions

    with ExitStack() as stack:
        state = settings.state_path
        if demo:
            # What happens in a demo is nobody's history.
            state = Path(stack.enter_context(TemporaryDirectory(prefix="kmstui-demo-")))
        journal = await asyncio.to_thread(open_journal, state)
        stack.callback(close_journal, journal)
        store = Store(asyncio.get_running_loop().call_later)
        connector = AwsConnector(
            store.record_call,
            lambda serial: getpass(f"MFA code for {serial}: "),
            read_only=settings.read_only,
            in_command=True,
        )
        session = Sessions(store, connector, journal, now, read_only=settings.read_only, demo=demo)
        stack.callback(session.close)
        await session.attach(command_target(settings, region_from))
        yield session


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
