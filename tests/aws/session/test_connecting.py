"""From a profile, an environment or an instance to a connection, and why there is none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kmstui.aws.session.connector import AwsConnector
from kmstui.model import Route
from kmstui.service import errors
from kmstui.service.errors import ServiceError
from kmstui.service.ports import Target
from tests.control import ControlledKms

Connect = Callable[..., Awaitable[Any]]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")


def _config(home: Path, text: str) -> None:
    (home / ".aws" / "config").write_text(text)


async def test_an_endpoint_of_aws_is_named_as_it_is(
    no_aws: Path, keys: None, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kmstui.aws.session.open._addresses", lambda _: ())
    gateway = await connect(Target(region="cn-north-1"))
    assert gateway.info.endpoint_url == "https://kms.cn-north-1.amazonaws.com.cn"
    assert gateway.info.route is Route.PUBLIC
    assert (gateway.info.region, gateway.info.partition) == ("cn-north-1", "aws-cn")
    assert (gateway.info.profile, gateway.info.credential_source) == ("", "env")


async def test_a_profile_gives_region_credentials_and_endpoint(
    no_aws: Path, connect: Connect
) -> None:
    _config(
        no_aws,
        "[profile work]\nregion = eu-north-1\naws_access_key_id = AKIDEXAMPLE\n"
        "aws_secret_access_key = not-a-secret\nendpoint_url = http://127.0.0.1:9\n",
    )
    info = (await connect(Target(profile="work"))).info
    assert (info.profile, info.region) == ("work", "eu-north-1")
    assert (info.endpoint_url, info.route) == ("http://127.0.0.1:9", Route.CUSTOM)


@pytest.mark.parametrize(
    ("flag", "variables", "expected", "decided"),
    [
        ("us-west-2", {"AWS_REGION": "eu-west-1"}, "us-west-2", "--region"),
        ("", {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "x"}, "eu-west-1", "AWS_REGION"),
        ("", {"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2", "AWS_DEFAULT_REGION"),
        ("", {}, "eu-north-1", "profile"),
    ],
)
async def test_the_region_comes_from_the_nearest_place_that_names_one(
    flag: str,
    variables: dict[str, str],
    expected: str,
    decided: str,
    no_aws: Path,
    keys: None,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    _config(no_aws, "[default]\nregion = eu-north-1\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    info = (await connect(Target(region=flag, region_from="--region"))).info
    assert (info.region, info.region_from) == (expected, decided)


async def test_on_an_instance_region_and_credentials_come_from_its_metadata(
    no_aws: Path, embedded: ControlledKms, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", embedded.endpoint_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", embedded.endpoint_url)
    gateway = await connect()
    assert (gateway.info.region, gateway.info.region_from) == (embedded.region, "IMDS")
    assert gateway.info.credential_source == "iam-role"
    assert (await gateway.caller()).role_name == "KMSWorkshop-InstanceInitRole"


async def test_without_any_region_the_ways_to_name_one_are_told(
    no_aws: Path, keys: None, connect: Connect
) -> None:
    with pytest.raises(errors.RegionMissingError) as caught:
        await connect()
    for way in ("--region", "AWS_REGION", "region ="):
        assert way in caught.value.next_step


async def test_a_region_that_is_no_name_is_told(no_aws: Path, keys: None, connect: Connect) -> None:
    with pytest.raises(errors.RegionMissingError, match="“not a region!” is not the name"):
        await connect(Target(region="not a region!"))


async def test_without_credentials_the_ways_to_get_some_are_told(
    no_aws: Path, connect: Connect
) -> None:
    with pytest.raises(errors.CredentialsMissingError) as caught:
        await connect(Target(region="eu-west-1"))
    for way in ("--profile", "aws configure", "aws sso login", "instance role"):
        assert way in caught.value.next_step


async def test_half_of_the_credentials_are_named(
    no_aws: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    with pytest.raises(errors.CredentialsMissingError, match="env lack AWS_SECRET_ACCESS_KEY"):
        await connect(Target(region="eu-west-1"))


async def test_a_profile_that_does_not_exist_is_named(no_aws: Path, connect: Connect) -> None:
    with pytest.raises(errors.ProfileError, match="there is no profile “nobody”"):
        await connect(Target(profile="nobody"))


@pytest.mark.parametrize("text", [b"[default\nregion = x\n", b"\xff\xfe\x00", b"region = x"])
async def test_a_broken_config_file_is_named_and_offers_no_profiles(
    text: bytes, no_aws: Path, connect: Connect
) -> None:
    path = no_aws / ".aws" / "config"
    path.write_bytes(text)
    with pytest.raises(errors.ProfileError) as caught:
        await connect()
    assert str(path) in caught.value.sentence
    assert await AwsConnector(lambda _: None, lambda _: "").profiles() == ()


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "http://",
        "kms.example.com",
        "http://[::1",
        "http://x:99999",
        "http://x:port",
        "http://127.0.0.1:9/\x1b]52;c;eA==\x07",
        "http://x\x00",
    ],
)
async def test_a_url_that_is_none_is_named(
    url: str, no_aws: Path, keys: None, connect: Connect
) -> None:
    with pytest.raises(errors.EndpointError) as caught:
        await connect(Target(region="eu-west-1", endpoint_url=url))
    assert f"“{url}” is not a URL" in caught.value.reason


async def test_the_endpoint_of_the_flag_is_for_kms_alone(scripted: Any, connect: Connect) -> None:
    gateway = await connect(Target(endpoint_url="http://127.0.0.1:9"))
    scripted.body = b"<x/>"
    with pytest.raises(ServiceError):
        await gateway.caller()
    assert scripted.targets == ["/"]
    assert gateway.info.endpoint_url == "http://127.0.0.1:9"


async def test_sts_out_of_reach_leaves_kms_working(
    embedded: ControlledKms, aws_environment: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    gateway = await connect()
    with pytest.raises(errors.NetworkError, match="127.0.0.1:9 refuses"):
        await gateway.caller()
    assert (await gateway.describe("alias/ImportedCMK"))[0].id


async def test_an_sso_session_that_has_expired_names_the_command(
    no_aws: Path, connect: Connect
) -> None:
    _config(
        no_aws,
        "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n"
        "region = eu-west-1\n[sso-session corp]\nsso_region = eu-west-1\n"
        "sso_start_url = https://corp.example/start\n",
    )
    with pytest.raises(errors.CredentialsExpiredError) as caught:
        await connect(Target(profile="sso"))
    assert caught.value.next_step == "F12 runs aws sso login --profile sso here and goes on."


class _Sts:
    """An STS that assumes roles for one MFA code."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.refusal = _REFUSED
        sts = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                code = body.partition("TokenCode=")[2].partition("&")[0]
                sts.codes.append(code)
                # KmsAudit trusts whoever has assumed the role that needs a code.
                good = code == "123456" or (not code and "KmsAudit" in body)
                status, text = (200, _ASSUMED) if good else (403, sts.refusal)
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Nothing on the tests' output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


_ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>
<SecretAccessKey>not-a-secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>
<Arn>arn:aws:sts::111122223333:assumed-role/Admin/s</Arn><AssumedRoleId>A:s</AssumedRoleId>
</AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"""

_REFUSED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
<Type>Sender</Type><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid
MFA one time pass code.</Message></Error></ErrorResponse>"""

_SERIAL = "arn:aws:iam::111122223333:mfa/alice"


@pytest.fixture
def sts(no_aws: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    server = _Sts()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    _config(
        no_aws,
        "[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n"
        "[profile admin]\nregion = eu-west-1\nsource_profile = base\n"
        f"role_arn = arn:aws:iam::111122223333:role/Admin\nmfa_serial = {_SERIAL}\n",
    )
    yield server
    server.server.shutdown()
    server.server.server_close()


async def test_a_role_with_mfa_asks_for_the_code_off_the_event_loop(sts: _Sts) -> None:
    asked: list[tuple[str, bool]] = []
    main = threading.current_thread()

    def prompt(serial: str) -> str:
        asked.append((serial, threading.current_thread() is main))
        return " 123456\n"

    connector = AwsConnector(lambda _: None, prompt)
    gateway = await connector.connect(Target(profile="admin", endpoint_url="http://127.0.0.1:9"))
    assert asked == [(_SERIAL, False)]
    assert sts.codes == ["123456"]
    assert (gateway.info.profile, gateway.info.credential_source) == ("admin", "assume-role")
    # Another Region with the same role asks for nothing.
    await connector.connect(Target("admin", "us-east-1", "http://127.0.0.1:9"))
    assert len(asked) == 1


@pytest.mark.parametrize("role", ["", "arn:aws:iam::444455556666:role/KmsAudit"])
async def test_many_connections_opened_at_once_ask_for_one_code(sts: _Sts, role: str) -> None:
    asked: list[str] = []

    def prompt(serial: str) -> str:
        asked.append(serial)
        return "123456"

    connector = AwsConnector(lambda _: None, prompt)
    regions = ("eu-west-1", "us-east-1", "eu-central-1", "us-west-2")
    targets = [Target("admin", region, role=role) for region in regions]
    gateways = await asyncio.gather(*map(connector.connect, targets))
    assert [each.info.region for each in gateways] == list(regions)
    assert asked == [_SERIAL]
    for gateway in gateways:
        gateway.close()


async def test_no_code_is_a_cancelled_connection(sts: _Sts, connect: Connect) -> None:
    with pytest.raises(errors.MfaError, match="no code was entered"):
        await connect(Target(profile="admin"), mfa=lambda _: "")
    assert sts.codes == []


async def test_what_cannot_be_a_code_is_not_sent(sts: _Sts, connect: Connect) -> None:
    with pytest.raises(errors.MfaError, match="has six digits"):
        await connect(Target(profile="admin"), mfa=lambda _: "12 34")
    assert sts.codes == []


async def test_a_wrong_code_is_told_and_can_be_entered_again(sts: _Sts, connect: Connect) -> None:
    with pytest.raises(errors.MfaError) as caught:
        await connect(Target(profile="admin"), mfa=lambda _: "654321")
    assert caught.value.sentence == (
        "MFA on sts:AssumeRole: AWS refused the MFA code. Press r and enter the next code of "
        "the device."
    )
    gateway = await connect(
        Target(profile="admin", endpoint_url="http://127.0.0.1:9"), mfa=lambda _: "123456"
    )
    assert gateway.info.profile == "admin"


async def test_a_role_that_may_not_be_assumed_names_the_operation(
    sts: _Sts, connect: Connect
) -> None:
    sts.refusal = sts.refusal.replace(
        "MultiFactorAuthentication failed with invalid\nMFA one time pass code.",
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: "
        "sts:AssumeRole on resource: arn:aws:iam::111122223333:role/Admin",
    )
    with pytest.raises(errors.AccessDeniedError) as caught:
        await connect(Target(profile="admin"), mfa=lambda _: "654321")
    assert caught.value.context.operation == "sts:AssumeRole"
    assert "Your user alice needs sts:AssumeRole" in caught.value.next_step


async def test_profiles_and_regions_are_offered(no_aws: Path) -> None:
    _config(no_aws, "[default]\n[profile work]\nregion = eu-west-1\n")
    connector = AwsConnector(lambda _: None, lambda _: "")
    assert await connector.profiles() == ("default", "work")
    assert {"eu-west-1", "us-east-1"} <= set(await connector.regions())
    assert await connector.regions("aws-cn") == ("cn-north-1", "cn-northwest-1")


async def test_giving_up_while_connecting_waits_for_nothing(sts: _Sts) -> None:
    asked, answer = threading.Event(), threading.Event()

    def prompt(serial: str) -> str:
        asked.set()
        answer.wait(10)
        return ""

    connector = AwsConnector(lambda _: None, prompt)
    task = asyncio.create_task(connector.connect(Target(profile="admin")))
    await asyncio.to_thread(asked.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    answer.set()
    assert sts.codes == []


@pytest.mark.parametrize("target", [Target(region="all"), Target(region="eu-west-1,us-east-1")])
async def test_what_takes_one_connection_is_not_led_to_several(
    target: Target, no_aws: Path, connect: Connect
) -> None:
    with pytest.raises(errors.InvalidInputError, match="one Region are needed here, and several"):
        await connect(target)
