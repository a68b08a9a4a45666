"""The embedded AWS starts quickly, is isolated, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from kmstui.demo import EmbeddedError, EmbeddedOptions
from tests.control import ControlledKms


def _gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def _wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while not _gone(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_importing_it_loads_neither_moto_nor_boto3() -> None:
    code = "import sys, kmstui.demo; print([m for m in sys.modules if m[:4] in ('moto', 'boto')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_stop_ends_the_child_and_may_be_called_twice() -> None:
    server = ControlledKms.start()
    assert server.control.wait_until_filled().account == server.account
    server.stop()
    server.stop()
    assert _gone(server._process.pid)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(server.endpoint_url)


def test_a_parent_killed_with_sigkill_leaves_no_process() -> None:
    code = (
        "import sys, time; from kmstui.demo import EmbeddedKms\n"
        "server = EmbeddedKms.start(); print(server._process.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not _gone(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert _wait_until_gone(child)


def test_extra_keys_come_behind_and_keep_the_pages_whole() -> None:
    with ControlledKms.start(EmbeddedOptions(extra_keys=3000, seed=5)) as server:
        health = server.control.wait_until_filled()
    assert health.keys[f"{server.account}/eu-west-1"] >= 3040


def test_a_child_that_cannot_start_is_told_in_a_sentence() -> None:
    with ControlledKms.start() as server:
        port = int(server.endpoint_url.rpartition(":")[2])
        with pytest.raises(EmbeddedError, match="ended while starting"):
            ControlledKms.start(port=port)


def test_real_credentials_never_reach_a_client(embedded_server: ControlledKms) -> None:
    environment = embedded_server.environment
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_the_foreground_command_prints_what_to_export() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kmstui.demo", "--keys", "5", "--as", "admin"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("#"):
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stdout.close()
    assert any(line.startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:") for line in lines)
    assert "as admin" in lines[-1]


def test_the_instance_may_be_in_another_region() -> None:
    with ControlledKms.start(EmbeddedOptions(region="eu-central-1")) as server:
        assert server.environment["AWS_REGION"] == "eu-central-1"
        here = server.control.key("alias/global/sessions", region="eu-central-1").metadata
        there = server.control.key("alias/global/sessions", region="eu-west-1").metadata
    assert here["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert there["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
