"""Whatever is wrong is a sentence on the screen, and the rest goes on working."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest


def nobody_listens() -> str:
    """The URL of a port that refuses connections."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


def test_a_denied_key_is_a_row_with_its_reason_and_stops_nothing(kmstui):
    terminal = kmstui(columns=160, rows=45)
    terminal.send("/", "alias:hr/payroll", "enter")
    terminal.wait_for("AccessDenied on kms:GetKeyPolicy for key")
    terminal.send("/", "ctrl+u", "alias:orders/api", "enter")
    terminal.wait_for("Enable IAM User Permissions")


def test_a_key_that_answers_garbage_is_a_row_and_throttling_only_takes_longer(embedded, start):
    embedded.control.throttle("*", times=5)
    key = embedded.control.key("alias/orders/api").metadata["KeyId"]
    embedded.control.fault("garbage", "DescribeKey", key=key)
    terminal = start("orders/api", env=embedded.environment, columns=160, rows=45)
    terminal.wait_for("✖ Unreadable")
    terminal.send("/", "alias:ImportedCMK", "enter")
    terminal.wait_for("Enable IAM User Permissions")


def test_a_policy_that_hangs_holds_nothing_else_up(embedded, start):
    embedded.control.fault("hang", "GetKeyPolicy")
    terminal = start(env=embedded.environment)
    terminal.wait_for("ImportedCMK")
    terminal.send("3")
    terminal.wait_for("Reading…")
    terminal.send("e")
    terminal.wait_for("Edit alias/audit/cloudtrail")
    terminal.send("escape")
    terminal.wait_for("1 Keys")
    terminal.send("4")
    terminal.wait_for("team-security")
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_expired_credentials(embedded, start):
    embedded.control.expire_sessions("KMSWorkshop-InstanceInitRole")
    try:
        terminal = start(env=embedded.environment)
        terminal.wait_for("Credentials refused")
    finally:
        embedded.control.renew_sessions()
    terminal.send("r")
    terminal.wait_for("ImportedCMK")


def test_sts_out_of_reach_leaves_the_rest_working(embedded, start):
    embedded.control.fault("close", "GetCallerIdentity")
    terminal = start(env=embedded.environment, columns=160, rows=45)
    terminal.wait_for("ImportedCMK")
    terminal.send("/", "alias:ImportedCMK", "enter")
    terminal.wait_for("Enable IAM User Permissions")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "No Region"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "No credentials"),
        ({"AWS_ENDPOINT_URL": "not a url"}, "Wrong endpoint"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
    ],
    ids=["Region", "credentials", "endpoint", "profile"],
)
def test_what_is_missing_or_malformed_is_named(embedded, start, change, said):
    env = {**embedded.environment, **change}
    terminal = start(env={name: value for name, value in env.items() if value})
    terminal.wait_for(said)
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_no_network(embedded, start):
    terminal = start(env={**embedded.environment, "AWS_ENDPOINT_URL": nobody_listens()})
    terminal.wait_for("No connection")


def test_an_endpoint_that_answers_html(embedded, start):
    embedded.control.fault("html", "*")
    terminal = start(env=embedded.environment, columns=160, rows=45)
    terminal.wait_for("Wrong endpoint")
    embedded.control.clear_faults()
    terminal.send("r")
    terminal.wait_for("ImportedCMK")


def test_a_key_that_does_not_exist(kmstui):
    terminal = kmstui("alias/nothing-of-the-kind", columns=160, rows=45)
    terminal.wait_for("nothing-of-the-kind")
    terminal.wait_for("Not found")


def run(*arguments, env):
    return subprocess.run(
        [sys.executable, "-m", "kmstui", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_outside_a_terminal_it_says_so(bare_environment):
    done = run(env=bare_environment)
    assert done.returncode == 2
    assert done.stderr == (
        "kmstui: kmstui needs a terminal; for scripts there are `kmstui lint` and `kmstui can`.\n"
    )


def test_an_unknown_flag(bare_environment):
    done = run("--regoin", "eu-west-1", env=bare_environment)
    assert done.returncode == 2
    assert "unrecognized arguments: --regoin" in done.stderr


@pytest.mark.parametrize("number", ["-1", "100001", "many"])
def test_a_number_of_demo_keys_that_cannot_be(bare_environment, number):
    done = run("--demo-keys", number, env=bare_environment)
    assert done.returncode == 2
    assert number in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unreadable_config_file(start, home):
    path = home / "config.toml"
    path.write_text("region =")
    terminal = start(env={"KMSTUI_CONFIG": str(path)}, columns=200)
    assert terminal.wait_exit() == 2
    assert "is not valid TOML" in terminal.text


def test_a_rule_that_does_not_exist_is_told_by_the_screens_too(start, home):
    path = home / "config.toml"
    path.write_text('disable = ["KMS999"]')
    terminal = start(env={"KMSTUI_CONFIG": str(path)}, columns=200)
    assert terminal.wait_exit() == 2
    assert "There is no rule 'KMS999'" in terminal.text
