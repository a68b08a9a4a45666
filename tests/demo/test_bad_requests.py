"""Requests that no AWS client would send get an AWS error, not a crash."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from tests.control import ControlledKms


def _post(
    embedded: ControlledKms, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(embedded.endpoint_url.removeprefix("http://"))
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def _signed(embedded: ControlledKms, service: str) -> str:
    access_key = embedded.environment["AWS_ACCESS_KEY_ID"]
    return f"AWS4-HMAC-SHA256 Credential={access_key}/20261124/eu-west-1/{service}/aws4_request, x"


LIST_KEYS = "TrentService.ListKeys"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe\x00", b'"text"', b"null"])
def test_bodies_that_are_no_json_object(embedded: ControlledKms, body: bytes) -> None:
    headers = {"X-Amz-Target": LIST_KEYS, "Authorization": _signed(embedded, "kms")}
    status, answer = _post(embedded, "/", body, headers)
    assert status == 400
    assert json.loads(answer)["__type"] == "SerializationException"


def test_unknown_operations_and_services(embedded: ControlledKms) -> None:
    for target, service in (("TrentService.Nothing", "kms"), ("Nobody.Nothing", "ecs")):
        headers = {"X-Amz-Target": target, "Authorization": _signed(embedded, service)}
        status, answer = _post(embedded, "/", b"{}", headers)
        assert status == 400
        assert json.loads(answer)["__type"] == "UnknownOperationException"


def test_no_operation_at_all(embedded: ControlledKms) -> None:
    status, answer = _post(embedded, "/", b"", {})
    assert status == 404
    assert json.loads(answer)["message"] == "The request names no operation."


def test_nobody_signed(embedded: ControlledKms) -> None:
    status, answer = _post(embedded, "/", b"{}", {"X-Amz-Target": LIST_KEYS})
    assert status == 400
    assert json.loads(answer)["__type"] == "UnrecognizedClientException"


@pytest.mark.parametrize("body", [b"\xbf", b"\xff", b"\x82\x01", b"\x1c", b"\xbf\x61\xff\x00\xff"])
def test_broken_cbor(embedded: ControlledKms, body: bytes) -> None:
    path = "/service/ResourceGroupsTaggingAPI_20170126/operation/GetResources"
    status, answer = _post(embedded, path, body, {"Authorization": _signed(embedded, "tagging")})
    assert status == 400
    assert b"SerializationException" in answer


def test_mistakes_in_control_requests_are_told(embedded: ControlledKms) -> None:
    for path, body in (
        ("/_embedded/faults", b'{"kind": "unheard of"}'),
        ("/_embedded/latency", b"{}"),
        ("/_embedded/key", b'{"key": "alias/nowhere", "policy": ""}'),
        ("/_embedded/latency", b"{"),
    ):
        status, answer = _post(embedded, path, body, {"X-Kmstui-Secret": embedded._secret})
        assert status == 400
        assert json.loads(answer)["error"]
    headers = {"X-Kmstui-Secret": embedded._secret}
    assert _post(embedded, "/_embedded/nothing", b"", headers)[0] == 404


@pytest.mark.parametrize("shown", [None, "", "wrong", "\xff"])
@pytest.mark.parametrize(
    "name", ["health", "credentials?who=root", "key?key=alias/ImportedCMK", "x"]
)
def test_nobody_without_the_secret_of_the_run_reaches_the_control_api(
    embedded: ControlledKms, shown: str | None, name: str
) -> None:
    headers = {} if shown is None else {"X-Kmstui-Secret": shown}
    status, answer = _post(embedded, f"/_embedded/{name}", b"", headers)
    assert status == 403
    assert list(json.loads(answer)) == ["error"]


def test_the_secret_is_another_one_in_each_run_and_no_argument_tells_it(
    embedded: ControlledKms,
) -> None:
    with ControlledKms.start() as other:
        assert other._secret != embedded._secret
        for process in (other._process, embedded._process):
            told = (Path(f"/proc/{process.pid}/cmdline").read_bytes()
                    + Path(f"/proc/{process.pid}/environ").read_bytes())  # fmt: skip
            assert other._secret.encode() not in told
            assert embedded._secret.encode() not in told


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:{port}", "", "127.0.0.1.x",
                                  "localhost.example:80", "10.0.0.1"])  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/_embedded/credentials?who=root"])
def test_a_web_page_under_a_name_of_its_own_is_refused(
    embedded: ControlledKms, host: str, path: str
) -> None:
    headers = {
        "Host": host.format(port=embedded._port),
        "X-Kmstui-Secret": embedded._secret,
        "X-Amz-Target": LIST_KEYS,
        "Authorization": _signed(embedded, "kms"),
    }
    assert _post(embedded, path, b"{}", headers)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1234", "LOCALHOST", "[::1]:80"])
def test_names_of_the_loopback_interface_are_served(embedded: ControlledKms, host: str) -> None:
    headers = {
        "Host": host, "X-Amz-Target": LIST_KEYS, "Authorization": _signed(embedded, "kms")
    }  # fmt: skip
    assert _post(embedded, "/", b"{}", headers)[0] == 200


@pytest.mark.parametrize(
    ("operation", "members", "code", "said"),
    [
        ("DescribeKey", {}, "ValidationException", "'null' at 'keyId'"),
        ("DescribeKey", {"KeyId": 5}, "SerializationException", "keyId must be of type string"),
        ("GenerateRandom", {"NumberOfBytes": True}, "SerializationException", "type integer"),
        ("GenerateRandom", {"NumberOfBytes": 1025}, "ValidationException", "less than or equal"),
        ("CreateKey", {"KeySpec": "DES"}, "ValidationException", "enum value set: [RSA_2048, "),
        ("TagResource", {"KeyId": "k", "Tags": [{"TagKey": "a"}]}, "ValidationException",
         "'tags.1.member.tagValue'"),
        ("Encrypt", {"KeyId": "k", "Plaintext": "?"}, "SerializationException", "is not base64"),
    ],
)  # fmt: skip
def test_members_are_held_to_the_service_model(
    embedded: ControlledKms, operation: str, members: dict[str, object], code: str, said: str
) -> None:
    headers = {
        "X-Amz-Target": f"TrentService.{operation}",
        "Authorization": _signed(embedded, "kms"),
    }
    status, answer = _post(embedded, "/", json.dumps(members).encode(), headers)
    told = json.loads(answer)
    assert (status, told["__type"]) == (400, code)
    assert said in told["message"]
