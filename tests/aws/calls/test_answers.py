"""Whatever comes in AWS's place, a change that was carried out is never called refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from kmstui.aws.calls import clients
from kmstui.model import KeyCreation, Tag
from kmstui.service import errors
from kmstui.service.ports import Gateway
from tests.control import ControlledKms
from tests.embedded import client

Connect = Callable[..., Awaitable[Any]]

_JSON = "application/x-amz-json-1.1"
_PAGE = "<html><body>Please sign in</body></html>"
_XHTML = (
    '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x">'
    "<html><body><p>Blocked</p></body></html>"
)
_ID = {"x-amzn-RequestId": "7bb906fa-dc21-4350-b65c-808ff0f72f55"}


class Answer(NamedTuple):
    """What comes in the place of AWS's answer."""

    status: int
    body: str = ""
    content_type: str = _JSON
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


def _error(status: int, code: str, message: str = "Its words.") -> Answer:
    return Answer(status, json.dumps({"__type": code, "message": message}), _JSON, _ID)


def _xml_error(status: int, code: str) -> Answer:
    body = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
    return Answer(status, body, "text/xml", _ID)


_ANYWHERE = {
    "a page": Answer(200, _PAGE, "text/html"),
    "XHTML": Answer(200, _XHTML, "text/html"),
    "a page after a comment": Answer(200, f"\n<!-- proxy -->{_PAGE}", "text/html"),
    "nothing at all": Answer(200),
    "an empty structure of nobody's": Answer(200, "{}"),
    "another 2xx": Answer(202, "", _JSON, _ID),
    "no content": Answer(204),
    "several choices": Answer(300, "{}", _JSON, _ID),
    "a redirection": Answer(301, "", "text/html", {"Location": "https://portal.example/"}),
    "a redirection's page": Answer(302, _PAGE, "text/html"),
    "a page of a firewall": Answer(403, _PAGE, "text/html"),
    "a page that is not found": Answer(404, _XHTML, "text/html"),
    "words of a firewall": Answer(403, "Request blocked.", "text/plain"),
    "an empty refusal": Answer(400, "{}", _JSON, _ID),
    "a refusal of a gateway's": Answer(403, '{"message": "Forbidden"}', _JSON, _ID),
    "a rate limit of a gateway's": Answer(429, '{"message": "Too many"}'),
    "a proxy that wants a password": Answer(407, _PAGE, "text/html"),
    "a page of a failing server": Answer(503, _XHTML, "text/html"),
    "a page in capitals": Answer(500, _PAGE.upper(), "text/html"),
    "words of a load balancer": Answer(502, "upstream connect error", "text/plain"),
    "nothing of a load balancer": Answer(504, "", "text/plain"),
}
_FROM_KMS = {
    "a response to another request": Answer(200, '{"Keys": [], "Truncated": false}', _JSON, _ID),
    "a response that breaks off": Answer(200, '{"KeyId": "arn:aws', _JSON, _ID),
    "an error with 200": _error(200, "NotFoundException")._replace(status=200),
    "an error with 302": _error(302, "NotFoundException"),
    "an error that breaks off": Answer(400, '{"__type": "NotFoundExc', _JSON, _ID),
    "a code of nobody's": _error(400, "SomethingNewException"),
    "a code of another operation": _error(400, "InvalidCiphertextException"),
    "the refusal of a read": _error(
        400, "AccessDeniedException", "User: x is not authorized to perform: kms:GetKeyPolicy on y"
    ),
    "a time-out inside": _error(500, "DependencyTimeoutException"),
    "a failure inside": _error(500, "InternalFailure"),
    "a service that is away": _error(503, "ServiceUnavailable"),
    "a request that was aborted": _error(400, "RequestAbortedException"),
}
_FROM_IAM = {
    "a response to another request": Answer(
        200, "<GetRoleResponse><GetRoleResult/></GetRoleResponse>", "text/xml", _ID
    ),
    "XML of nobody's": Answer(200, "<ok/>", "text/xml"),
    "an error that breaks off": Answer(400, "<ErrorResponse><Error><Co", "text/xml"),
    "a code of nobody's": _xml_error(400, "SomethingNew"),
    "an error without a code": Answer(400, "<ErrorResponse/>", "text/xml"),
    "a failure inside": _xml_error(500, "ServiceFailure"),
    "a service that is away": _xml_error(503, "ServiceUnavailable"),
}


@pytest.fixture
async def gateway(
    embedded: ControlledKms,
    aws_environment: Any,
    monkeypatch: pytest.MonkeyPatch,
    connect: Connect,
) -> Any:
    for name, value in embedded.environment_for("admin").items():
        monkeypatch.setenv(name, value)
    return await connect()


def _set(embedded: ControlledKms, operation: str, answer: Answer, *, after: bool = True) -> None:
    embedded.control.fault("answer", operation, after=after, **answer._asdict())
    embedded.control.clear_requests()


_KEY = "alias/ImportedCMK"
Send = Callable[[Gateway, str], Awaitable[object]]
Held = Callable[[Any, str], object]

_CHANGES: dict[str, tuple[Send, Held]] = {
    "PutKeyPolicy": (
        lambda gateway, key: gateway.put_policy(key, _with_sid(gateway)),
        lambda kms, key: "carried out" in kms.get_key_policy(KeyId=key)["Policy"],
    ),
    "TagResource": (
        lambda gateway, key: gateway.tag(key, [Tag("carried", "out")]),
        lambda kms, key: kms.list_resource_tags(KeyId=key)["Tags"],
    ),
    "CreateAlias": (
        lambda gateway, key: gateway.create_alias("alias/carried-out", key),
        lambda kms, key: len(kms.list_aliases(KeyId=key)["Aliases"]) == 2,
    ),
    "DeleteAlias": (
        lambda gateway, key: gateway.delete_alias(_KEY),
        lambda kms, key: not kms.list_aliases(KeyId=key)["Aliases"],
    ),
    "DisableKey": (
        lambda gateway, key: gateway.disable(key),
        lambda kms, key: not kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"],
    ),
    "ScheduleKeyDeletion": (
        lambda gateway, key: gateway.schedule_deletion(key, 7),
        lambda kms, key: "DeletionDate" in kms.describe_key(KeyId=key)["KeyMetadata"],
    ),
}
"""By operation: it, and whether it was carried out. The last one returns something."""


def _with_sid(gateway: Any) -> str:
    statement = {
        "Sid": "carried out",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{gateway.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize("operation", _CHANGES)
@pytest.mark.parametrize("what", [*_ANYWHERE, *_FROM_KMS])
async def test_a_change_that_kms_carried_out_is_open_whatever_is_answered(
    what: str, operation: str, gateway: Any, embedded: ControlledKms
) -> None:
    send, held = _CHANGES[operation]
    gateway.account = embedded.account
    key, _ = await gateway.describe(_KEY)
    _set(embedded, operation, {**_ANYWHERE, **_FROM_KMS}[what])
    with pytest.raises(errors.UnreportedOutcomeError) as caught:
        await send(gateway, key.id)
    assert "may or may not have happened" in caught.value.sentence
    assert embedded.control.operations() == [operation], "it was sent again"
    assert held(client(embedded, "kms", "admin"), key.id)


@pytest.mark.parametrize("what", [*_ANYWHERE, *_FROM_IAM])
async def test_a_put_that_iam_carried_out_is_open_whatever_is_answered(
    what: str, gateway: Any, embedded: ControlledKms
) -> None:
    iam = client(embedded, "iam", "admin")
    iam.create_role(RoleName="tested", AssumeRolePolicyDocument="{}")
    _set(embedded, "PutRolePolicy", {**_ANYWHERE, **_FROM_IAM}[what])
    statement = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(errors.UnreportedOutcomeError):
        await gateway.put_role_policy("tested", "inline", document)
    assert embedded.control.operations() == ["PutRolePolicy"]
    embedded.control.clear_faults()
    assert iam.list_role_policies(RoleName="tested")["PolicyNames"] == ["inline"]


@pytest.mark.parametrize("kind", ["truncated", "garbage", "html", "close", "status"])
async def test_a_put_whose_answer_breaks_on_the_way_is_open(
    kind: str, gateway: Any, embedded: ControlledKms
) -> None:
    gateway.account = embedded.account
    key, _ = await gateway.describe(_KEY)
    embedded.control.fault(kind, "PutKeyPolicy", after=True)
    embedded.control.clear_requests()
    with pytest.raises(errors.UnreportedOutcomeError):
        await gateway.put_policy(key.id, _with_sid(gateway))
    assert embedded.control.operations() == ["PutKeyPolicy"]
    assert "carried out" in embedded.control.key(key.id).policy


@pytest.mark.parametrize("what", _ANYWHERE)
async def test_a_key_that_was_created_is_never_created_twice(
    what: str, gateway: Any, embedded: ControlledKms
) -> None:
    _set(embedded, "CreateKey", _ANYWHERE[what])
    with pytest.raises(errors.UnreportedOutcomeError):
        await gateway.create_key(KeyCreation())
    assert embedded.control.operations() == ["CreateKey"]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("MalformedPolicyDocumentException", 400, errors.PolicyRefusedError),
        ("AccessDeniedException", 400, errors.AccessDeniedError),
        ("ExpiredTokenException", 400, errors.CredentialsExpiredError),
        ("NotFoundException", 400, errors.NotFoundError),
        ("KMSInvalidStateException", 400, errors.InvalidStateError),
        ("ValidationException", 400, errors.InvalidInputError),
        ("ThrottlingException", 400, errors.ThrottledError),
        ("KMSInternalException", 500, errors.ServiceFailureError),
    ],
)
async def test_a_refusal_of_kms_own_is_one(
    code: str,
    status: int,
    kind: type[errors.ServiceError],
    gateway: Any,
    embedded: ControlledKms,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    embedded.control.fault("error", "PutKeyPolicy", code=code, message="No.", status=status)
    with pytest.raises(kind) as caught:
        await gateway.put_policy("1234abcd", "{}")
    assert caught.value.context.code == code


async def test_a_change_may_be_refused_for_want_of_the_right_to_another_change(
    gateway: Any, embedded: ControlledKms
) -> None:
    words = "User: x is not authorized to perform: kms:TagResource on y"
    embedded.control.deny("CreateKey", message=words)
    with pytest.raises(errors.AccessDeniedError):
        await gateway.create_key(KeyCreation(tags=(Tag("a", "b"),)))
    assert embedded.control.operations().count("CreateKey") == 1


_READ_ANSWERS = {
    "a page": (errors.EndpointError, "answered with a web page (HTTP 200)"),
    "XHTML": (errors.EndpointError, "answered with a web page (HTTP 200)"),
    "a page of a firewall": (errors.EndpointError, "answered with a web page (HTTP 403)"),
    "a redirection's page": (errors.EndpointError, "answered with a web page (HTTP 302)"),
    "a page of a failing server": (errors.ServiceFailureError, "answered HTTP 503 without an AWS"),
    "a page in capitals": (errors.ServiceFailureError, "answered HTTP 500 without an AWS error"),
    "words of a load balancer": (errors.ServiceFailureError, "answered HTTP 502 without an AWS"),
    "nothing of a load balancer": (errors.ServiceFailureError, "answered HTTP 504 without an AWS"),
}


@pytest.mark.parametrize("operation", ["GetKeyPolicy", "GetRolePolicy", "GetResources"])
@pytest.mark.parametrize("what", _READ_ANSWERS)
async def test_a_read_says_who_answered_in_every_protocol(
    what: str,
    operation: str,
    gateway: Any,
    embedded: ControlledKms,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind, words = _READ_ANSWERS[what]
    _set(embedded, operation, _ANYWHERE[what], after=False)

    async def read() -> None:
        if operation == "GetKeyPolicy":
            await gateway.get_policy("1234abcd")
        elif operation == "GetRolePolicy":
            await gateway.get_role_policy("tested", "inline")
        else:
            [page async for page in gateway.tag_pages()]

    with pytest.raises(errors.ServiceError) as caught:
        await read()
    assert type(caught.value) is kind
    assert words in caught.value.reason
    # A server that fails is asked again; somebody else who answers is not.
    failing = kind is errors.ServiceFailureError
    assert embedded.control.operations() == [operation] * (4 if failing else 1)
