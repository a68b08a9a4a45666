"""Profiles and assumed roles, as they stand in a person's AWS config file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from kmstui.demo import MFA_CODE, mfa_serial
from tests.credential_sources import CredentialServer, install_aws, sso_profile
from tests.embedded import client


@pytest.fixture
def with_profiles(embedded, home):
    """The environment of userA, whose profile `mfa` assumes a role that asks for a code."""
    environment = {**embedded.environment_for("user")}
    keys = [environment.pop("AWS_ACCESS_KEY_ID"), environment.pop("AWS_SECRET_ACCESS_KEY")]
    (home / "credentials").write_text(
        f"[userA]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n"
    )
    (home / "config").write_text(
        "[profile mfa]\n"
        f"role_arn = arn:aws:iam::{embedded.account}:role/KMSWorkshop-MfaAdmin\n"
        f"source_profile = userA\nmfa_serial = {mfa_serial(embedded.account)}\n"
        "role_session_name = me\n"
    )
    return {
        **environment,
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
    }


def test_a_role_that_asks_for_an_mfa_code(start, with_profiles, embedded):
    terminal = start("--profile", "mfa", env=with_profiles, columns=120)
    terminal.wait_for(f"For the device {mfa_serial(embedded.account)}.")
    # A wrong code is the service's to refuse, in words, and the next connection asks again.
    terminal.send("000000", "enter")
    terminal.wait_for("AWS refused the MFA code")
    assert "Traceback" not in terminal.text
    terminal.send("r")
    terminal.wait_for("For the device")
    terminal.send(MFA_CODE, "enter")
    terminal.wait_for("audit/cloudtrail")
    header = terminal.wait_for("KMSWorkshop-MfaAdmin").splitlines()[0]
    assert "profile mfa" in header


def test_leaving_the_question_for_a_code_leaves_the_program_usable(start, with_profiles):
    terminal = start("--profile", "mfa", env=with_profiles, columns=120)
    terminal.wait_for("MFA code")
    terminal.send("escape")
    terminal.wait_until_gone("For the device")
    terminal.settle()
    terminal.send("P", "userA", "enter")
    terminal.wait_for(lambda text: "userA" in text.splitlines()[0])
    terminal.send("q")
    assert terminal.wait_exit() == 0


@pytest.fixture
def signed_out(embedded, home):
    """Somebody whose profile `dev` needs a sign-in with SSO, and a CLI of the test's own for it."""

    def give():
        return client(embedded, "sts", "user").assume_role(
            RoleArn=f"arn:aws:iam::{embedded.account}:role/KMSWorkshop-MfaAdmin",
            RoleSessionName="me",
            SerialNumber=mfa_serial(embedded.account),
            TokenCode=MFA_CODE,
        )["Credentials"]

    server = CredentialServer(give)
    (home / "config").write_text(sso_profile("dev", embedded.account))
    called = install_aws(home / "bin", server, home)
    unset = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    environment = embedded.environment_for("user")
    yield (
        {
            **{name: value for name, value in environment.items() if name not in unset},
            "AWS_CONFIG_FILE": str(home / "config"),
            "AWS_ENDPOINT_URL_SSO": server.url,
            "PATH": f"{home / 'bin'}:/usr/bin:/bin",
            "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22",
        },
        called,
    )
    server.stop()


def test_one_signs_in_from_inside_and_goes_on(start, signed_out, embedded):
    environment, called = signed_out
    terminal = start("alias/ImportedCMK", "--profile", "dev", env=environment)
    command = "aws sso login --profile dev --use-device-code"
    said = " ".join(terminal.wait_for("here and goes on").split())
    assert f"F12 runs {command} here and goes on." in said
    # Whoever fails to sign in reads why, and can try again.
    terminal.send("f12")
    terminal.wait_for("Is it you?")
    terminal.send("no", "enter")
    terminal.wait_for("ended with exit code 1. Enter goes back.")
    terminal.send("enter")
    terminal.wait_for("F12 tries again")
    terminal.send("f12")
    terminal.wait_for("Is it you?")
    terminal.send("yes", "enter")
    terminal.wait_for("❯ ImportedCMK")
    assert "KMSWorkshop-MfaAdmin" in terminal.wait_for("KMSWorkshop-MfaAdmin").splitlines()[0]
    assert called.read_text().splitlines() == [command.removeprefix("aws ")] * 2
    terminal.send("e")
    terminal.wait_for("Ctrl-s Review")
    terminal.wait_for('"Statement"')
    terminal.send("ctrl+t")
    terminal.wait_for("Only from this account")
    terminal.send("enter")
    terminal.wait_for("draft kept")
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    # The session ends while the save is under review.
    (called.parent.parent / ".aws" / "sso" / "cache").rename(called.parent / "cache")
    embedded.control.expire_sessions("KMSWorkshop-MfaAdmin")
    terminal.send("y")
    terminal.wait_for("Not saved")
    terminal.wait_for("F12 runs aws sso login")
    terminal.send("f12")
    terminal.wait_for("Is it you?")
    terminal.send("yes", "enter")
    terminal.wait_for(lambda text: "holds your policy, read back" in " ".join(text.split()))
    assert "aws:PrincipalIsAWSService" in embedded.control.key("alias/ImportedCMK").policy


def processes_with(words: str) -> list[str]:
    """The command lines of all processes that name this."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [line] if words in line else []
    return found


@pytest.fixture
def hanging(embedded, home):
    """A profile whose helper does not end, not even when it is told to; and words that name it."""
    helper = home / "never-ends"
    helper.write_text("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1000; done\n")
    helper.chmod(0o755)
    (home / "config").write_text(f"[default]\ncredential_process = {helper}\n")
    environment = {**embedded.environment_for("user")}
    del environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    return {**environment, "AWS_CONFIG_FILE": str(home / "config")}, str(helper)


def test_a_helper_that_hangs_is_named_and_ends_with_the_program(start, hanging):
    environment, helper = hanging
    terminal = start(env=environment)
    # Where the line breaks hangs on how long the path is.
    said = "".join(terminal.wait_for("q quits").split())
    assert f"Waitingforcredential_process({helper})" in said
    assert processes_with(helper)
    terminal.send("escape")
    terminal.wait_for("Connecting was stopped. Press r to connect again.")
    terminal.wait_for(lambda _: not processes_with(helper))
    terminal.send("r")
    terminal.wait_for(lambda _: processes_with(helper))
    terminal.send("q")
    assert terminal.wait_exit() == 0
    assert not processes_with(helper)
