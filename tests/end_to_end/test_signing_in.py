"""Profiles and assumed roles, as they stand in a person's AWS config file."""

from __future__ import annotations

import pytest

from kmstui.demo import MFA_CODE, mfa_serial


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
