"""From each source of credentials: keys, a session that ends, new credentials, and on one goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from kmstui.demo import MFA_CODE, mfa_serial
from tests.credential_sources import CredentialServer, as_json, in_an_hour
from tests.embedded import client

ROLE = "KMSWorkshop-MfaAdmin"
LOGIN_SESSION = "arn:aws:iam::111122223333:user/me"


class Sources:
    """Where a person's credentials stand, or who gives them; `renew` puts new ones there."""

    def __init__(self, home: Path, give: Callable[[], Mapping[str, Any]]) -> None:
        self._home = home
        self._give = give
        self.server = CredentialServer(give)
        self._imds = self.server.url

    def begin(self, source: str) -> dict[str, str]:
        """Set a source up; returns the variables that it takes."""
        self.renew(source)
        config, variables = {
            "file": ("", {}),
            "helper": (f"credential_process = cat {self._home / 'given.json'}", {}),
            "login": (f"login_session = {LOGIN_SESSION}", {}),
            "container": ("", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self._imds}/container"}),
            "instance": (
                "",
                {
                    "AWS_EC2_METADATA_DISABLED": "false",
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT": self._imds,
                },
            ),
        }[source]
        (self._home / "config").write_text(f"[default]\n{config}\n")
        return variables

    def renew(self, source: str) -> None:
        """As somebody does outside; containers and instances give new ones by themselves."""
        given = self._give()
        if source == "file":
            (self._home / "credentials").write_text(
                f"[default]\naws_access_key_id = {given['AccessKeyId']}\n"
                f"aws_secret_access_key = {given['SecretAccessKey']}\n"
                f"aws_session_token = {given['SessionToken']}\n"
            )
        elif source == "helper":
            (self._home / "given.json").write_text(as_json(given, "SessionToken"))
        elif source == "login":
            cache = self._home / ".aws" / "login" / "cache"
            cache.mkdir(parents=True, exist_ok=True)
            name = hashlib.sha256(LOGIN_SESSION.encode()).hexdigest()
            token = {
                "accessKeyId": given["AccessKeyId"],
                "secretAccessKey": given["SecretAccessKey"],
                "sessionToken": given["SessionToken"],
                "accountId": "111122223333",
                "expiresAt": in_an_hour(),
            }
            kept = {"accessToken": token, "refreshToken": "x", "dpopKey": "x", "clientId": "x"}
            (cache / f"{name}.json").write_text(json.dumps(kept))


@pytest.fixture
def sources(embedded, home) -> Iterator[Sources]:
    def give() -> Mapping[str, Any]:
        given: Mapping[str, Any] = client(embedded, "sts", "user").assume_role(
            RoleArn=f"arn:aws:iam::{embedded.account}:role/{ROLE}",
            RoleSessionName="me",
            SerialNumber=mfa_serial(embedded.account),
            TokenCode=MFA_CODE,
        )["Credentials"]
        return given

    made = Sources(home, give)
    yield made
    made.server.stop()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("file", "Put new ones into"),
        ("helper", "Sign in to what credential_process asks, then press r or repeat it."),
        pytest.param(
            "login",
            "F7 runs aws login --profile default here and goes on.",
            marks=pytest.mark.skipif(
                find_spec("awscrt") is None, reason="needs the extra of kmstui named login"
            ),
        ),
        ("container", ""),
        ("instance", ""),
    ],
)
def test_one_goes_on_with_new_credentials_of(source, said, embedded, start, sources, home):
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    environment = {
        **{name: value for name, value in embedded.environment_for("user").items()
           if name not in keys},
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        **sources.begin(source),
    }  # fmt: skip
    terminal = start("alias/ImportedCMK", env=environment)
    terminal.wait_for("❯ ImportedCMK")
    terminal.wait_for(lambda text: ROLE in text.splitlines()[0])
    # The session ends while a save is under review.
    terminal.send("e")
    terminal.wait_for("Ctrl-s Review")
    terminal.wait_for('"Statement"')
    terminal.send("ctrl+t")
    terminal.wait_for("Only from this account")
    terminal.send("enter")
    terminal.wait_for("draft kept")
    terminal.send("ctrl+s")
    terminal.wait_for("After this save")
    embedded.control.expire_sessions(ROLE)
    terminal.send("y")
    if said:
        terminal.wait_for("Not saved")
        box = terminal.wait_for("Your text is kept").replace("│", " ")
        assert said in " ".join(box.split())
        sources.renew(source)
        terminal.send("enter", "ctrl+s")
        terminal.wait_for("After this save")
        terminal.send("y")
    terminal.wait_for(lambda text: "holds your policy, read back" in " ".join(text.split()))
    assert "aws:PrincipalIsAWSService" in embedded.control.key("alias/ImportedCMK").policy
    # And once more, while nobody does anything: renewed outside, it takes no key but r.
    embedded.control.expire_sessions(ROLE)
    sources.renew(source)
    before = embedded.control.requests()[-1].number
    terminal.send("r")
    terminal.wait_for(
        lambda _: any(
            each.operation == "ListKeys" and each.status == 200
            for each in embedded.control.requests(after=before)
        )
    )
    terminal.wait_until_gone("Credentials refused")
