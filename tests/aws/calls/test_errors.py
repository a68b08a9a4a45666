"""Each cause has its type and its sentence; nothing else comes out, whatever goes in."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kmstui.aws.calls import bounded_response, clients
from kmstui.aws.session.connector import AwsConnector
from kmstui.service import errors
from kmstui.service.errors import ServiceError
from kmstui.service.ports import Target, Urgency
from tests.control import ControlledKms

Connect = Callable[..., Awaitable[Any]]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_READ_SECONDS", 0.2)
    monkeypatch.setattr(clients, "_CONNECT_SECONDS", 0.2)


def _as_aws_error(scripted: Any, code: str, message: str, status: int = 400) -> None:
    scripted.status = status
    scripted.body = f'{{"__type": "{code}", "message": "{message}"}}'.encode()


async def _failure(connect: Connect, key: str = "1234") -> ServiceError:
    gateway = await connect()
    with pytest.raises(ServiceError) as caught:
        await gateway.describe(key)
    return caught.value


_CODES = [
    ("ThrottlingException", errors.ThrottledError, "quota in this Region is used up", "slowly"),
    ("ExpiredTokenException", errors.CredentialsExpiredError, "have expired", "with new ones"),
    (
        "UnrecognizedClientException",
        errors.CredentialsExpiredError,
        "does not know these credentials in eu-west-1",
        "Region is enabled",
    ),
    (
        "InvalidSignatureException",
        errors.CredentialsExpiredError,
        "signature does not match",
        "secret access key",
    ),
    ("RequestTimeTooSkewed", errors.CredentialsExpiredError, "clock differs", "Set the clock"),
    (
        "MissingAuthenticationTokenException",
        errors.CredentialsMissingError,
        "without a usable signature",
        "proxy",
    ),
    ("OptInRequired", errors.AccessDeniedError, "may not use this service", "Enable the Region"),
    ("NotFoundException", errors.NotFoundError, "Its words", "press r"),
    ("KMSInvalidStateException", errors.InvalidStateError, "Its words", "state"),
    ("UnsupportedOperationException", errors.UnsupportedError, "Its words", ""),
    ("UnknownOperationException", errors.EndpointError, "is not KMS", "--endpoint-url"),
    ("MalformedPolicyDocumentException", errors.PolicyRefusedError, "Its words", "Correct"),
    ("LimitExceededException", errors.LimitError, "Its words", "Nothing was changed"),
    ("TagException", errors.LimitError, "Its words", "Nothing was changed"),
    ("InvalidArnException", errors.InvalidInputError, "Its words", ""),
    ("InvalidMarkerException", errors.ConflictError, "list changed", "Press r"),
    ("AlreadyExistsException", errors.ConflictError, "Its words", "Press r"),
    ("SomethingNewException", errors.InvalidInputError, "SomethingNewException: Its words", ""),
]


@pytest.mark.parametrize(("code", "kind", "reason", "step"), _CODES)
async def test_a_code_of_the_service_becomes_its_cause(
    code: str,
    kind: type[ServiceError],
    reason: str,
    step: str,
    scripted: Any,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    _as_aws_error(scripted, code, "Its words.")
    error = await _failure(connect)
    assert type(error) is kind
    assert reason in error.reason
    assert step in error.next_step
    assert error.sentence.startswith(f"{kind.title} on kms:DescribeKey for key 1234: ")
    assert error.context.code == code
    assert error.context.http_status == 400


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("arn:aws:kms:… is pending deletion.", "Cancel the deletion first (x)."),
        ("arn:aws:kms:… is disabled.", "Enable the key first (x)."),
        ("arn:aws:kms:… is pending import.", "Import key material first."),
    ],
)
async def test_a_state_says_what_to_do_about_it(
    words: str, step: str, scripted: Any, connect: Connect
) -> None:
    _as_aws_error(scripted, "KMSInvalidStateException", words)
    assert (await _failure(connect)).next_step == step


async def test_an_expired_signature_is_the_clocks_fault(scripted: Any, connect: Connect) -> None:
    _as_aws_error(scripted, "InvalidSignatureException", "Signature expired: 1 is now earlier than")
    assert "clock" in (await _failure(connect)).reason


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("The new key policy will not allow you to update the key policy in the future.", "lets"),
        ("Policy contains a statement with one or more invalid principals.", "AIDA…"),
    ],
)
async def test_a_refused_policy_keeps_the_services_words_and_says_what_to_change(
    words: str, step: str, scripted: Any, connect: Connect
) -> None:
    _as_aws_error(scripted, "MalformedPolicyDocumentException", words)
    gateway = await connect()
    with pytest.raises(errors.PolicyRefusedError) as caught:
        await gateway.put_policy("1234", "{}")
    assert caught.value.context.service_message == words
    assert caught.value.reason == words.rstrip(".")
    assert step in caught.value.next_step


async def test_a_web_page_is_not_kms_and_the_url_is_named(scripted: Any, connect: Connect) -> None:
    scripted.body, scripted.content_type = b"<!doctype html><h1>Welcome</h1>", "text/html"
    error = await _failure(connect)
    assert isinstance(error, errors.EndpointError)
    assert error.sentence == (
        f"Wrong endpoint on kms:DescribeKey for key 1234: {scripted.url} answered with a web page "
        "(HTTP 200), so it is not AWS that answered. A sign-in page, proxy or firewall on the way "
        "may do that. Check --endpoint-url, AWS_ENDPOINT_URL and the profile's endpoint_url."
    )


@pytest.mark.parametrize("status", [301, 404, 418])
async def test_a_status_without_an_aws_error_is_no_aws_service(
    status: int, scripted: Any, connect: Connect
) -> None:
    scripted.status, scripted.body = status, b'{"detail": "password=hunter2"}'
    error = await _failure(connect)
    assert isinstance(error, errors.EndpointError)
    assert f"HTTP {status}" in error.reason
    assert "hunter2" not in error.sentence + repr(error.context)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"KeyMetadata": {"KeyId": "12',
        b'{"KeyMetadata": []}',
        b'{"KeyMetadata": {"KeyId": 5}}',
        b'{"KeyMetadata": {"KeyId": "1234", "Arn": "arn:", "CreationDate": "yesterday"}}',
        b"[" * 100_000,
    ],
)
async def test_an_answer_that_cannot_be_read_names_the_url(
    body: bytes, scripted: Any, connect: Connect
) -> None:
    scripted.body = body
    error = await _failure(connect)
    assert isinstance(error, errors.MalformedAnswerError), error
    assert scripted.url in error.reason


async def test_an_answer_that_breaks_off_is_told(
    scripted: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    scripted.body, scripted.claims_length = b'{"KeyMetadata": {"KeyId": "1234", "Arn"', 4000
    error = await _failure(connect)
    assert isinstance(error, errors.MalformedAnswerError | errors.NetworkError)
    assert scripted.url in error.sentence


@pytest.mark.parametrize("kind", ["html", "garbage", "truncated", "close", "error500", "status"])
async def test_faults_of_the_embedded_aws_end_as_typed_errors(
    kind: str,
    embedded: ControlledKms,
    aws_environment: Any,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    gateway = await connect()
    embedded.control.fault(kind, "ListKeys")
    expected: tuple[type[errors.ServiceError], ...] = {
        "html": (errors.EndpointError,),
        "garbage": (errors.MalformedAnswerError,),
        "truncated": (errors.MalformedAnswerError, errors.NetworkError),
        "close": (errors.NetworkError,),
        "error500": (errors.ServiceFailureError,),
        "status": (errors.ServiceFailureError, errors.EndpointError),
    }[kind]
    with pytest.raises(expected):
        async for _ in gateway.key_pages():
            pass
    caller = await gateway.caller()
    assert caller.account == embedded.account


async def test_a_service_that_fails_inside_is_asked_again(
    embedded: ControlledKms, aws_environment: Any, connect: Connect
) -> None:
    gateway = await connect()
    embedded.control.fault("error500", "DescribeKey", times=1)
    key, _ = await gateway.describe("alias/ImportedCMK")
    assert key.id


async def test_an_endpoint_that_hangs_is_asked_twice_and_then_told(
    scripted: Any, connect: Connect, impatient: None
) -> None:
    scripted.hold.clear()
    error = await _failure(connect)
    assert isinstance(error, errors.NetworkError)
    assert error.reason == f"{scripted.url} did not answer in time"
    assert len(scripted.targets) == 2


async def test_an_endpoint_that_answers_a_byte_at_a_time_is_told_and_holds_nobody_up(
    scripted: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_response, "RECEIVING_SECONDS", 0.5)
    gateway = await connect()
    scripted.trickles, scripted.claims_length = True, 1000
    slow = asyncio.create_task(gateway.describe("slow", Urgency.BACKGROUND))
    assert await asyncio.to_thread(scripted.waiting.acquire, timeout=10)
    with pytest.raises(errors.NetworkError, match=r"did not answer in time"):
        await slow
    assert len(scripted.targets) == 2
    with pytest.raises(errors.UnreportedOutcomeError, match=r"did not answer in time"):
        await gateway.put_policy("1234", "{}")
    assert len(scripted.targets) == 3
    scripted.trickles = False


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_answer_without_end_is_not_read_to_its_end(
    status: int, scripted: Any, connect: Connect
) -> None:
    scripted.status, scripted.body = status, b" " * (60 << 20)
    gateway = await connect()
    with pytest.raises(errors.MalformedAnswerError, match=r"it is longer than 4 MB"):
        await gateway.describe("1234")
    with pytest.raises(errors.UnreportedOutcomeError, match=r"cannot be read"):
        await gateway.put_policy("1234", "{}")
    assert len(scripted.targets) == 2
    assert scripted.sent < len(scripted.body)


async def test_an_endpoint_that_refuses_is_told(
    no_aws: Any, scripted: Any, connect: Connect
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    gateway = await connect(Target(endpoint_url=f"http://127.0.0.1:{port}"))
    with pytest.raises(errors.NetworkError) as caught:
        await gateway.describe("1234")
    assert f"http://127.0.0.1:{port} refuses connections" in caught.value.reason


async def test_plain_http_behind_an_https_url_is_told(scripted: Any, connect: Connect) -> None:
    gateway = await connect(Target(endpoint_url=scripted.url.replace("http:", "https:")))
    with pytest.raises(errors.NetworkError, match="no secure connection") as caught:
        await gateway.describe("1234")
    assert "speaks https" in caught.value.next_step


async def test_a_file_of_certificates_that_is_missing_is_told(
    scripted: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(ServiceError, match="AWS_CA_BUNDLE"):
        gateway = await connect(Target(endpoint_url=scripted.url.replace("http:", "https:")))
        await gateway.describe("1234")


async def test_an_unresolvable_name_in_an_unknown_region_points_at_the_region(
    scripted: Any, connect: Connect
) -> None:
    gateway = await connect(
        Target(region="eu-wset-1", endpoint_url="https://kms.eu-wset-1.invalid")
    )
    with pytest.raises(errors.NetworkError) as caught:
        await gateway.describe("1234")
    assert "botocore knows no Region “eu-wset-1”" in caught.value.reason


async def test_an_operation_that_botocore_lacks_names_its_version(
    scripted: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await connect()
    model = gateway._calls._clients.client("kms").meta.service_model
    names = [name for name in model.operation_names if name != "GetKeyLastUsage"]
    monkeypatch.setattr(model, "operation_names", names, raising=False)
    model.__dict__["operation_names"] = names
    with pytest.raises(errors.UnsupportedError, match=r"botocore \d+\.\d+.* does not know it"):
        await gateway.last_usage("1234")


async def test_a_value_of_the_wrong_form_is_told_before_it_is_sent(
    scripted: Any, connect: Connect
) -> None:
    gateway = await connect()
    with pytest.raises(errors.InvalidInputError, match="nothing was sent"):
        await gateway.describe("")
    assert scripted.targets == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "KeyMetadata",
                    "KeyId",
                    "Arn",
                    "CreationDate",
                    "MultiRegionConfiguration",
                    "__type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.fixture
def ask(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes, int], Any]]:
    """What comes of DescribeKey when the endpoint answers so."""
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    with asyncio.Runner() as runner:
        connector = AwsConnector(lambda _: None, lambda _: "")
        gateway = runner.run(connector.connect(Target()))

        def ask(body: bytes, status: int) -> Any:
            scripted.body, scripted.status = body, status
            return runner.run(gateway.describe("1234"))

        yield ask
        runner.run(_close(gateway))


async def _close(gateway: Any) -> None:
    gateway.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(body=b'{"KeyMetadata": {"KeyId": ""}}', status=200)
@example(body=b'{"KeyMetadata": {"KeyId": "1234"}}', status=200)
@given(
    body=_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
    status=st.sampled_from([200, 200, 200, 400, 404, 500]),
)
def test_whatever_is_answered_only_typed_errors_come_out(
    body: bytes, status: int, ask: Callable[[bytes, int], Any]
) -> None:
    try:
        key, _ = ask(body, status)
    except ServiceError as error:
        assert error.sentence.startswith(f"{error.title} on kms:DescribeKey for key 1234: ")
    else:
        assert key.id
