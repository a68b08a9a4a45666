"""Credentials that expire while one works, and are renewed outside: one goes on where one was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kmstui.demo import MFA_CODE, mfa_serial
from tests.embedded import client

ROLE = "KMSWorkshop-MfaAdmin"


@pytest.fixture
def sign_in(embedded, home) -> Callable[..., dict[str, str]]:
    """Write new temporary credentials to the credentials file, as a helper outside would."""

    def run(name: str = "me") -> dict[str, str]:
        given = client(embedded, "sts", "user").assume_role(
            RoleArn=f"arn:aws:iam::{embedded.account}:role/{ROLE}",
            RoleSessionName=name,
            SerialNumber=mfa_serial(embedded.account),
            TokenCode=MFA_CODE,
        )["Credentials"]
        (home / "credentials").write_text(
            f"[default]\naws_access_key_id = {given['AccessKeyId']}\n"
            f"aws_secret_access_key = {given['SecretAccessKey']}\n"
            f"aws_session_token = {given['SessionToken']}\n"
        )
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        environment = {
            key: value
            for key, value in embedded.environment_for("user").items()
            if key not in names
        }
        return {**environment, "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials")}

    return run


def test_credentials_of_another_caller_are_not_taken_unseen(embedded, start, sign_in, home):
    environment = sign_in()
    terminal = start(env=environment, columns=160)
    terminal.wait_for("audit/cloudtrail")
    terminal.wait_for(ROLE)
    terminal.settle()
    embedded.control.expire_sessions(ROLE)
    other = embedded.environment_for("instance")
    (home / "credentials").write_text(
        f"[default]\naws_access_key_id = {other['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {other['AWS_SECRET_ACCESS_KEY']}\n"
        f"aws_session_token = {other['AWS_SESSION_TOKEN']}\n"
    )
    terminal.send("j")
    terminal.wait_for("Another caller")
    assert ROLE in terminal.lines[0]
    terminal.send("r")
    terminal.wait_for(lambda text: "KMSWorkshop-InstanceInitRole" in text.splitlines()[0])
    terminal.wait_for("audit/cloudtrail")


def test_a_session_begun_with_a_code_asks_for_a_new_one(embedded, start, sign_in, home):
    environment = {**sign_in(), "AWS_CONFIG_FILE": str(home / "config")}
    user = embedded.environment_for("user")
    (home / "credentials").write_text(
        f"[userA]\naws_access_key_id = {user['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {user['AWS_SECRET_ACCESS_KEY']}\n"
    )
    (home / "config").write_text(
        f"[profile mfa]\nrole_arn = arn:aws:iam::{embedded.account}:role/{ROLE}\n"
        f"source_profile = userA\nmfa_serial = {mfa_serial(embedded.account)}\n"
    )
    terminal = start("--profile", "mfa", env=environment, columns=160)
    terminal.wait_for("For the device")
    terminal.send(MFA_CODE, "enter")
    terminal.wait_for("Enable IAM User Permissions")
    terminal.wait_for(ROLE)
    # Else what is still being read asks for the code, and the "r" is a letter of it.
    terminal.wait_for("48 (and 6 of AWS: a)")
    terminal.settle()
    embedded.control.expire_sessions(ROLE)
    terminal.send("r")
    terminal.wait_for("For the device")
    terminal.send(MFA_CODE, "enter")
    terminal.wait_for("48 (and 6 of AWS: a)")
    terminal.send("j")
    terminal.wait_for(lambda text: "alias/billing/current" in text and '"Sid"' in text)
