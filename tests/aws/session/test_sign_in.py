"""The command that signs in to a profile is the one of the profile whose sign-in is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kmstui.aws.session.connector import AwsConnector
from kmstui.service.ports import Target

CONFIG = """\
[profile corp]
sso_session = corp
[profile old]
sso_start_url = https://corp.awsapps.com/start
[profile "me; you"]
login_session = arn:aws:iam::111122223333:user/me
[profile role]
role_arn = arn:aws:iam::111122223333:role/app
source_profile = step
[profile step]
role_arn = arn:aws:iam::111122223333:role/step
source_profile = corp
[profile round]
role_arn = arn:aws:iam::111122223333:role/app
source_profile = round
[profile keys]
aws_access_key_id = AKIDEXAMPLE
source_profile = corp
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
"""


@pytest.mark.parametrize(
    ("profile", "command", "from_afar"),
    [
        ("corp", ("aws", "sso", "login", "--profile", "corp"), "--use-device-code"),
        ("old", ("aws", "sso", "login", "--profile", "old"), "--use-device-code"),
        ("role", ("aws", "sso", "login", "--profile", "corp"), "--use-device-code"),
        ("me; you", ("aws", "login", "--profile", "me; you"), "--remote"),
        ("round", (), ""),
        ("keys", (), ""),
        ("nobody", (), ""),
    ],
)
async def test_the_command_names_the_profile_that_is_signed_in_to(
    profile: str,
    command: tuple[str, ...],
    from_afar: str,
    no_aws: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    (no_aws / ".aws" / "config").write_text(CONFIG)
    connector = AwsConnector(lambda record: None, lambda serial: "")
    assert await connector.sign_in_command(Target(profile)) == command
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    expected = (*command, from_afar) if command else ()
    assert await connector.sign_in_command(Target(profile)) == expected


async def test_a_config_file_that_cannot_be_read_names_no_command(no_aws: Path) -> None:
    (no_aws / ".aws" / "config").write_text("[default\n")
    connector = AwsConnector(lambda record: None, lambda serial: "")
    assert await connector.sign_in_command(Target()) == ()
