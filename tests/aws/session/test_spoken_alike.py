"""Screens and commands tell the same of credentials; what to do next, each in its own terms."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from kmstui.aws.session.connector import AwsConnector
from kmstui.cli import run
from kmstui.service.errors import ServiceError
from kmstui.service.ports import Target

_ROLE = "role_arn = arn:aws:iam::111122223333:role/app"
_SSO = "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n"
_AT_SCREENS = re.compile(r"\b[Pp]ress\b|\bF7\b|\([A-Za-z]\)|\b[PR]\b")

FAULTS = {
    "none at all": (
        "[default]\n", "no credentials in the environment or profile",
        "then press r or repeat it.", "then repeat the command.",
    ),
    "no such profile": (
        "", "there is no profile “default”", "Choose another with P or --profile",
        "Choose another with --profile",
    ),
    "signed out of SSO": (
        f"[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = a\n{_SSO}",
        "the SSO session has expired",
        "F12 runs aws sso login --profile default here and goes on.",
        "Run aws sso login --profile default, then repeat the command.",
    ),
    "a role of an SSO profile": (
        f"[default]\n{_ROLE}\nsource_profile = corp\n"
        f"[profile corp]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = a\n{_SSO}",
        "the SSO session has expired",
        "F12 runs aws sso login --profile corp here and goes on.",
        "Run aws sso login --profile corp, then repeat the command.",
    ),
    "no MFA code": (
        f"[default]\n{_ROLE}\nsource_profile = keys\nmfa_serial = 1\n"
        "[profile keys]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = x\n",
        "no code was entered", "Press r to be asked again, or choose another profile (P).",
        "Repeat the command and enter it.",
    ),
    "a helper": (
        "[default]\ncredential_process = false\n", "credential_process (false) ended with status 1",
        "Run that command in a shell", "Run that command in a shell",
    ),
    "a file with a fault": (
        "[default\n", "the section “[default” lacks its closing bracket",
        "Add the ]. Then press r.", "Add the ].",
    ),
}  # fmt: skip
"""The config file, what is told, and what to do at the screens and with a command."""


@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_is_told_and_commands_name_no_key(
    fault: str,
    no_aws: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config, told, at_screens, in_commands = FAULTS[fault]
    (no_aws / ".aws" / "config").write_text(config)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: "")
    if not config:
        monkeypatch.setenv("AWS_PROFILE", "default")
    target = Target(region="eu-west-1")
    said: dict[bool, ServiceError] = {}
    for in_command in (False, True):
        connector = AwsConnector(lambda record: None, lambda serial: "", in_command=in_command)
        with pytest.raises(ServiceError) as caught:
            asyncio.run(connector.connect(target))
        said[in_command] = caught.value
    assert told in said[False].reason
    assert said[False].reason == said[True].reason
    assert at_screens in said[False].next_step
    assert in_commands in said[True].next_step
    assert not _AT_SCREENS.search(said[True].next_step)
    here = ("--region", "eu-west-1")
    for exit_code in (
        run(["lint", "--all", *here]),
        run(["can", "me", "kms:Decrypt", "alias/x", *here]),
    ):
        assert exit_code == 2
    printed = capsys.readouterr().err.splitlines()
    assert [line.endswith(f": {said[True].sentence}") for line in printed] == [True, True]
