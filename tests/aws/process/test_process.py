"""AWS in a process of its own: what crosses the line, and what happens when an end goes."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import platform
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.aws.process.connector import Opened, ProcessConnector, ProcessGateway
from kmstui.aws.process.line import ProcessLine
from kmstui.aws.process.messages import (
    ITEMS_AHEAD,
    NO_RESULT,
    PROCESS,
    AwsProcessError,
    Frames,
    MethodCall,
    Result,
    frame,
)
from kmstui.aws.process.server import AwsServer
from kmstui.aws.process.starting import start_early
from kmstui.model import ConnectionInfo, KeyCreation, Route, Tag
from kmstui.service.errors import (
    CancelledByPersonError,
    MalformedAnswerError,
    NetworkError,
    NotFoundError,
    ReadOnlyError,
    ServiceFailureError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import CallRecord, Gateway, MfaPrompt, Target, is_change
from tests.control import ControlledKms

Connect = Callable[..., Awaitable[Any]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]
Make = Callable[..., ProcessConnector]


@pytest.fixture
async def make(records: list[CallRecord]) -> AsyncIterator[Make]:
    """Makes connectors, whose processes end with the test."""
    made: list[ProcessConnector] = []

    def make_one(
        mfa: MfaPrompt = lambda serial: "", *, read_only: bool = False, **how: Any
    ) -> ProcessConnector:
        started = start_early(read_only=read_only)
        made.append(
            ProcessConnector(records.append, mfa, read_only=read_only, started=started, **how)
        )
        return made[-1]

    yield make_one
    for connector in made:
        connector.close()


def process_of(connector: ProcessConnector) -> int:
    assert connector._line is not None
    return connector._line._process.pid


def line_of(gateway: Gateway) -> ProcessLine:
    assert isinstance(gateway, ProcessGateway)
    return gateway._opened.line


# What crosses


@given(
    st.lists(
        st.lists(st.builds(Result, st.integers(), st.text() | st.binary(), st.none()), min_size=1)
    ),
    st.lists(st.integers(1, 40), min_size=1),
)
def test_messages_come_out_as_they_went_in_however_the_bytes_are_cut(
    groups: list[list[Result]], sizes: list[int]
) -> None:
    data = b"".join(frame(group) for group in groups)
    frames, at = Frames(), 0
    received: list[Any] = []
    for turn in range(len(data) + 1):
        size = sizes[turn % len(sizes)]
        frames.feed(data[at : at + size])
        received.extend(frames)
        at += size
    assert received == groups


class _Asked:
    """A line that writes down what is asked."""

    ended = False

    def __init__(self) -> None:
        self.asked: list[tuple[int, str, Sequence[Any], Mapping[str, Any], bool]] = []

    async def ask(
        self,
        connection: int,
        method: str,
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        *,
        changes: bool = False,
    ) -> None:
        self.asked.append((connection, method, arguments, named, changes))

    async def stream(
        self, connection: int, method: str, arguments: Sequence[Any], named: Mapping[str, Any]
    ) -> AsyncIterator[None]:
        self.asked.append((connection, method, arguments, named, False))
        yield None


async def test_every_operation_of_the_port_is_asked_for_and_changes_are_known_as_such() -> None:
    line = _Asked()
    info = ConnectionInfo(region="eu-west-1", endpoint_url="", route=Route.PUBLIC)

    async def never() -> Opened:
        raise AssertionError

    gateway = ProcessGateway(Opened(line, 7, info), never)  # type: ignore[arg-type]
    names = {name for name, _ in inspect.getmembers(Gateway, inspect.isfunction)}
    names = {each for each in names if not each.startswith("_")} - {"close", "hold_background"}
    for name in sorted(names):
        answer = getattr(gateway, name)("argument", named=1)
        if inspect.isasyncgen(answer):
            assert [item async for item in answer] == [None]
        else:
            await answer
    assert [each[1] for each in line.asked] == sorted(names)
    changes = {name for name in names if is_change(getattr(Gateway, name))}
    assert "put_policy" in changes
    assert {each[1] for each in line.asked if each[4]} == changes
    assert all(
        (each[0], each[2], each[3]) == (7, ("argument",), {"named": 1}) for each in line.asked
    )


async def test_what_is_no_operation_of_the_port_is_not_asked_for() -> None:
    async def never() -> Opened:
        raise AssertionError

    info = ConnectionInfo(region="eu-west-1", endpoint_url="", route=Route.PUBLIC)
    gateway = ProcessGateway(Opened(_Asked(), 7, info), never)  # type: ignore[arg-type]
    for name in ("decrypt", "__wrapped__", "_calls"):
        assert not hasattr(gateway, name)


async def test_it_reads_what_a_connection_in_this_process_reads(
    aws_environment: Any, connect: Connect, make: Make, records: list[CallRecord]
) -> None:
    here = await connect()
    records.clear()
    there = await make(expected=Target()).connect(Target())
    assert there.info == here.info
    listed = [key async for page in there.key_pages() for key in page]
    assert records[0].operation == "ListKeys"
    assert listed == [key async for page in here.key_pages() for key in page]
    assert listed
    assert await there.describe("alias/ImportedCMK") == await here.describe("alias/ImportedCMK")
    assert await there.caller() == await here.caller()
    with pytest.raises(NotFoundError) as mine:
        await here.describe("alias/nobody")
    with pytest.raises(NotFoundError) as theirs:
        await there.describe("alias/nobody")
    assert theirs.value.sentence == mine.value.sentence
    assert theirs.value.context.operation == "kms:DescribeKey"


async def test_a_long_page_comes_whole_and_in_order(scripted: Any, make: Make) -> None:
    ids = [f"{number:036}" for number in range(1000)]
    entries = [{"KeyId": each, "KeyArn": f"arn:aws:kms:eu-west-1:1:key/{each}"} for each in ids]
    scripted.body = json.dumps({"Keys": entries, "Truncated": False}).encode()
    gateway = await make().connect(Target())
    assert [key.id async for page in gateway.key_pages() for key in page] == ids


async def test_a_list_comes_no_faster_than_it_is_kept(scripted: Any, make: Make) -> None:
    ids = [f"{each}" for each in range(9000)]
    entries = [{"KeyId": each, "KeyArn": f"arn:aws:kms:eu-west-1:1:key/{each}"} for each in ids]
    scripted.body = json.dumps({"Keys": entries, "Truncated": False}).encode()
    gateway = await make().connect(Target())
    pages = gateway.key_pages()
    taken = [await anext(pages)]
    # An answer to a later question: all that could come of the list is there.
    line = line_of(gateway)
    await line.ask(PROCESS, "profiles", (), {})
    (waiter,) = line._waiting.values()
    assert 0 < len(waiter.items) < ITEMS_AHEAD
    taken.extend([page async for page in pages])
    assert [key.id for page in taken for key in page] == ids


async def test_profiles_and_regions_are_offered(no_aws: Path, make: Make) -> None:
    (no_aws / ".aws" / "config").write_text("[default]\n[profile work]\nregion = eu-west-1\n")
    connector = make()
    assert await connector.profiles() == ("default", "work")
    assert await connector.regions("aws-cn") == ("cn-north-1", "cn-northwest-1")


async def test_read_only_holds_on_the_other_side(scripted: Any, make: Make) -> None:
    gateway = await make(read_only=True).connect(Target())
    with pytest.raises(ReadOnlyError, match="started read-only, so nothing was sent"):
        await gateway.create_key(KeyCreation())
    assert scripted.targets == []


async def test_the_environment_counts_as_it_is_when_connecting(
    scripted: Any, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = make()
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    gateway = await connector.connect(Target())
    assert gateway.info.region == "eu-north-1"
    assert gateway.info.endpoint_url == "https://kms.eu-north-1.amazonaws.com"


async def test_a_program_that_gives_credentials_runs_in_the_environment_of_the_person(
    no_aws: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = no_aws / "environment"
    giving = no_aws / "giving"
    giving.write_text(
        f"#!/bin/sh\nenv > {seen}\n"
        """echo '{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "not-a-secret"}'"""
    )
    giving.chmod(0o700)
    (no_aws / ".aws" / "config").write_text(f"[default]\ncredential_process = {giving}\n")
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    await make().connect(Target(region="eu-west-1"))
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert "HOME" in names
    assert "GLIBC_TUNABLES" not in names


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others have no arenas")
async def test_many_threads_that_call_have_one_heap(scripted: Any, make: Make) -> None:
    connector = make()
    gateway = await connector.connect(Target())
    scripted.hold.clear()
    calls = [asyncio.create_task(gateway.describe(str(number))) for number in range(12)]
    for _ in calls:
        assert await asyncio.to_thread(scripted.waiting.acquire, timeout=10)
    arenas = _arenas(process_of(connector))
    scripted.hold.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert arenas == []


def _arenas(process: int) -> list[str]:
    """The heaps of threads: 64 MB, of which the first part is in use."""
    lines = [line.split() for line in Path(f"/proc/{process}/maps").read_text().splitlines()]
    regions = [tuple(int(end, 16) for end in line[0].split("-")) for line in lines]
    return [
        line[0]
        for line, (start, middle), (rest, end) in zip(lines, regions, regions[1:], strict=False)
        if start % (64 << 20) == 0 and middle == rest and end - start == 64 << 20
    ]


async def test_our_own_fault_over_there_is_told_with_its_place(scripted: Any, make: Make) -> None:
    gateway = await make().connect(Target())
    with pytest.raises(AwsProcessError, match=r'(?s)server\.py", line \d+.*TypeError'):
        await gateway.describe()  # type: ignore[call-arg]
    scripted.body = b'{"Keys": [], "Truncated": false}'
    assert [page async for page in gateway.key_pages()] == [()]


async def test_a_result_that_cannot_cross_is_told_and_those_beside_it_arrive() -> None:
    here, there = socket.socketpair()
    server = AwsServer(read_only=True)
    serving = asyncio.create_task(server.serve(there))
    reader, writer = await asyncio.open_unix_connection(sock=here)
    writer.write(frame([MethodCall(NO_RESULT, PROCESS, "item_taken", (1,))]))
    await writer.drain()
    while not hasattr(server, "_writer"):  # noqa: ASYNC110
        await asyncio.sleep(0)
    server._send(Result(1, "one"))
    server._send(Result(2, threading.Lock()))
    server._send(Result(3, "three"))
    frames, results = Frames(), dict[int, Any]()
    while len(results) < 3:
        frames.feed(await reader.read(1 << 16))
        results |= {each.number: each for messages in frames for each in messages}
    assert (results[1].value, results[3].value) == ("one", "three")
    assert isinstance(results[2].error, MalformedAnswerError)
    assert "could not hand on what it read (TypeError: cannot pickle" in results[2].error.sentence
    writer.close()
    await serving


# An end goes


async def test_what_nobody_waits_for_any_more_is_given_up(
    scripted: Any, make: Make, until: Until
) -> None:
    gateway = await make().connect(Target())
    scripted.hold.clear()
    reading = asyncio.create_task(gateway.describe("1234"))
    assert await asyncio.to_thread(scripted.waiting.acquire, timeout=10)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    line = line_of(gateway)
    assert line._waiting == {}
    scripted.hold.set()
    scripted.body = b'{"PolicyNames": ["default"], "Truncated": false}'
    assert await gateway.policy_names("1234") == ("default",)


async def test_a_closed_connection_says_so_and_another_one_works(scripted: Any, make: Make) -> None:
    connector = make()
    closed = await connector.connect(Target())
    scripted.hold.clear()
    reading = asyncio.create_task(closed.describe("1234"))
    assert await asyncio.to_thread(scripted.waiting.acquire, timeout=10)
    closed.close()
    with pytest.raises(CancelledByPersonError):
        await reading
    with pytest.raises(CancelledByPersonError):
        await closed.describe("1234")
    closed.hold_background()
    scripted.hold.set()
    scripted.body = b'{"PolicyNames": ["default"], "Truncated": false}'
    assert await (await connector.connect(Target())).policy_names("1234") == ("default",)


async def test_when_the_process_is_killed_a_read_fails_and_the_next_one_works(
    scripted: Any, make: Make
) -> None:
    connector = make()
    gateway = await connector.connect(Target())
    scripted.hold.clear()
    reading = asyncio.create_task(gateway.describe("1234"))
    assert await asyncio.to_thread(scripted.waiting.acquire, timeout=10)
    os.kill(process_of(connector), signal.SIGKILL)
    with pytest.raises(NetworkError, match="process that talks to AWS has ended"):
        await reading
    scripted.hold.set()
    scripted.body = b'{"PolicyNames": ["default"], "Truncated": false}'
    both = await asyncio.gather(gateway.policy_names("1234"), gateway.policy_names("5678"))
    assert list(both) == [("default",), ("default",)]


async def test_a_process_that_is_killed_before_it_is_asked_is_told_and_the_next_one_works(
    scripted: Any,
) -> None:
    started = start_early(read_only=False)
    assert started is not None
    started.process.kill()
    started.process.wait()
    connector = ProcessConnector(
        lambda record: None, lambda serial: "", started=started, expected=Target()
    )
    try:
        with pytest.raises(NetworkError, match="process that talks to AWS has ended"):
            await connector.connect(Target())
        scripted.body = b'{"PolicyNames": ["default"], "Truncated": false}'
        assert await (await connector.connect(Target())).policy_names("1234") == ("default",)
    finally:
        connector.close()


async def test_when_the_process_is_killed_a_change_may_have_happened(
    scripted: Any, make: Make
) -> None:
    connector = make()
    gateway = await connector.connect(Target())
    scripted.hold.clear()
    tagging = asyncio.create_task(gateway.tag("1234", [Tag("a", "b")]))
    assert await asyncio.to_thread(scripted.waiting.acquire, timeout=10)
    os.kill(process_of(connector), signal.SIGKILL)
    with pytest.raises(UnreportedOutcomeError, match="the change may or may not have happened"):
        await tagging
    assert scripted.targets == ["TrentService.TagResource"]


async def test_why_the_process_ended_is_told(scripted: Any, make: Make) -> None:
    connector = make()
    await connector.connect(Target())
    line = connector._line
    assert line is not None
    with pytest.raises(NetworkError, match=r"has ended \(KeyError: 99\)"):
        # No connection has this number: the other side cannot go on.
        await line.ask(99, "describe", ("1234",), {})


async def test_no_process_to_be_had_is_a_sentence(
    scripted: Any, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    connector = make(expected=Target())
    with pytest.raises(
        ServiceFailureError, match="the system would not start the process that talks to AWS"
    ):
        await connector.connect(Target())


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="watches a process as Linux does")
def test_the_process_ends_with_the_program_even_when_that_is_killed(scripted: Any) -> None:
    program = """
import asyncio, sys
from kmstui.aws.process.connector import ProcessConnector
from kmstui.service.ports import Target

async def main():
    connector = ProcessConnector(print, lambda serial: "")
    await connector.connect(Target())
    print(connector._line._process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        # The pipe of the parent's standard output is open in no other process, so its end tells
        # nothing; a pidfd does.
        watch = os.pidfd_open(child)
        parent.kill()
    ready, _, _ = select.select([watch], [], [], 10)
    os.close(watch)
    assert ready


@pytest.mark.usefixtures("embedded")
def test_it_is_not_what_lies_in_the_working_directory(
    embedded: ControlledKms, tmp_path: Path
) -> None:
    (tmp_path / "json.py").write_text("open('was-run', 'w')")
    (tmp_path / "boto3.py").write_text("open('was-run', 'w')")
    program = """
import asyncio
from kmstui.aws.process.connector import ProcessConnector
from kmstui.service.ports import Target

async def main():
    connector = ProcessConnector(lambda record: None, lambda serial: "")
    print((await (await connector.connect(Target())).caller()).account)
    connector.close()

asyncio.run(main())
"""
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, **embedded.environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip() == embedded.account
    assert not (tmp_path / "was-run").exists()
