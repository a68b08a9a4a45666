"""Events, grants, last use and Access Analyzer's findings."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kmstui.service.errors import AccessDeniedError, MalformedAnswerError, UnsupportedError
from kmstui.service.ports import AnalyzerFinding, CheckReason, PolicyCheck
from tests.control import ControlledKms
from tests.embedded import client

Connect = Callable[..., Awaitable[Any]]


@pytest.fixture
async def gateway(aws_environment: Any, connect: Connect) -> Any:
    return await connect()


async def test_events_of_a_key_tell_who_did_what_with_which_context(
    embedded: ControlledKms, gateway: Any
) -> None:
    key, _ = await gateway.describe("alias/ImportedCMK")
    kms = client(embedded, "kms")
    kms.put_key_policy(KeyId=key.id, PolicyName="default", Policy=await gateway.get_policy(key.id))
    with pytest.raises(kms.exceptions.ClientError):
        kms.encrypt(KeyId="alias/none", Plaintext=b"x")
    kms.encrypt(KeyId=key.id, Plaintext=b"x", EncryptionContext={"b": "2", "a": "1"})
    events, _ = await gateway.events(key.arn, name="Encrypt")
    assert events[0].encryption_context == (("a", "1"), ("b", "2"))
    assert events[0].principal == (await gateway.caller()).arn
    assert {event.name for event in events} == {"Encrypt"}
    assert events[0].tls == ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768")
    puts, _ = await gateway.events(key.arn, name="PutKeyPolicy")
    assert json.loads(puts[0].policy)["Statement"]
    assert not puts[0].read_only


@pytest.mark.parametrize(
    "record",
    [
        "",
        "{",
        "[]",
        "null",
        '{"userIdentity": 5, "requestParameters": []}',
        "[" * 99_999,
        '{"requestParameters": {"encryptionContext": {"a": {"b": 1}}, "policy": 7}}',
    ],
)
async def test_a_record_of_any_shape_still_makes_an_event(
    record: str, scripted: Any, connect: Connect
) -> None:
    event = {
        "EventId": "e",
        "EventName": "Decrypt",
        "EventTime": 1.0,
        "Username": "alice",
        "ReadOnly": "true",
        "CloudTrailEvent": record,
    }
    scripted.body = json.dumps({"Events": [event], "NextToken": "more"}).encode()
    events, token = await (await connect()).events("arn:aws:kms:eu-west-1:1:key/k")
    assert token == "more"
    assert [(each.id, each.name, each.principal) for each in events] == [("e", "Decrypt", "alice")]


async def test_grants_are_listed_and_revoked(
    embedded: ControlledKms, aws_environment: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in embedded.environment_for("admin").items():
        monkeypatch.setenv(name, value)
    gateway = await connect()
    kms = client(embedded, "kms", "admin")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    grantee = f"arn:aws:iam::{embedded.account}:role/KMSWorkshop-InstanceInitRole"
    kms.create_grant(
        KeyId=key_id,
        GranteePrincipal=grantee,
        Operations=["Decrypt"],
        Name="ours",
        Constraints={"EncryptionContextSubset": {"project": "x"}},
    )
    (grant,) = await gateway.list_grants(key_id)
    assert (grant.grantee, grant.operations, grant.name) == (grantee, ("Decrypt",), "ours")
    assert grant.context_subset == (("project", "x"),)
    await gateway.revoke_grant(key_id, grant.id)
    assert await gateway.list_grants(key_id) == ()


async def test_services_and_constraints_of_grants_are_read(scripted: Any, connect: Connect) -> None:
    """A grant for a service alone came as one for nobody, without its constraint."""
    common = {"GrantId": "g", "Operations": ["Decrypt"]}
    volume = "arn:aws:ec2:eu-west-1:1:volume/vol-1"
    service = {"GranteeServicePrincipal": "ec2.amazonaws.com", "RetiringServicePrincipal": "r"}
    entries = [
        {**common, **service, "Constraints": {"SourceArn": volume}},
        {**common, "Constraints": {"ConstraintOfTomorrow": "x"}},
        common,
    ]
    scripted.body = json.dumps({"Grants": entries}).encode()
    first, unread, plain = await (await connect()).list_grants("k")
    assert (first.grantee, first.grantee_service) == ("", "ec2.amazonaws.com")
    assert (first.retiring_service, first.source_arn) == ("r", volume)
    assert [each.constraint_unread for each in (first, unread, plain)] == [False, True, False]


async def test_last_use_is_told_with_its_operation(scripted: Any, connect: Connect) -> None:
    scripted.body = (
        b'{"KeyLastUsage": {"Timestamp": 86400, "Operation": "Decrypt", "CloudTrailEventId": "e",'
        b'"KmsRequestId": "r"}, "TrackingStartDate": 0}'
    )
    gateway = await connect()
    try:
        usage = await gateway.last_usage("k")
    except UnsupportedError:
        pytest.skip("this botocore is older than GetKeyLastUsage")
    assert (usage.at.isoformat(), usage.operation) == ("1970-01-02T00:00:00+00:00", "Decrypt")
    assert (usage.event_id, usage.request_id) == ("e", "r")
    scripted.body = b'{"TrackingStartDate": 0}'
    usage = await gateway.last_usage("k")
    assert (usage.at, usage.operation) == (None, "")
    assert usage.tracking_since is not None


async def test_findings_of_access_analyzer_have_one_based_places(
    scripted: Any, connect: Connect
) -> None:
    place = {
        "path": [],
        "span": {
            "start": {"line": 3, "column": 0, "offset": 9},
            "end": {"line": 3, "column": 7, "offset": 16},
        },
    }
    scripted.body = json.dumps(
        {
            "findings": [
                {
                    "findingType": "ERROR",
                    "issueCode": "MISSING_ACTION",
                    "findingDetails": "Add it.",
                    "learnMoreLink": "https://example",
                    "locations": [place],
                },
                {"findingType": "SUGGESTION", "issueCode": "X", "locations": []},
            ]
        }
    ).encode()
    findings = await (await connect()).validate_policy("{}")
    assert findings == (
        AnalyzerFinding("ERROR", "MISSING_ACTION", "Add it.", "https://example", 3, 1, 3, 8),
        AnalyzerFinding("SUGGESTION", "X", ""),
    )


async def test_public_access_is_a_finding_and_none_is_none(gateway: Any) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    finding = await gateway.check_no_public_access(text)
    assert finding is not None
    assert (finding.type, finding.code) == ("SECURITY_WARNING", "PUBLIC_ACCESS")
    assert finding.statement == 0, "so that it can be shown at its place"
    key, _ = await gateway.describe("alias/ImportedCMK")
    assert await gateway.check_no_public_access(await gateway.get_policy(key.id)) is None


async def test_custom_policy_checks_name_the_statement(gateway: Any) -> None:
    def text(*actions: str) -> str:
        put = {"AWS": "arn:aws:iam::111122223333:role/app"}
        statement = {"Sid": "App", "Effect": "Allow", "Principal": put, "Resource": "*"}
        return json.dumps(
            {"Version": "2012-10-17", "Statement": [{**statement, "Action": actions}]}
        )

    less, more = text("kms:Decrypt"), text("kms:Decrypt", "kms:Sign")
    assert await gateway.check_no_new_access(more, less) == PolicyCheck(
        True, "The modified permissions do not grant new access compared to your existing policy."
    )
    failed = await gateway.check_no_new_access(less, more)
    assert failed.passed is False
    assert failed.reasons == (CheckReason("New access in the statement with sid: App.", 0, "App"),)
    assert (await gateway.check_access_not_granted(less, ["kms:Sign"])).passed is True
    assert (await gateway.check_access_not_granted(more, ["kms:Sign"])).passed is False


@pytest.mark.parametrize(
    "body", [b'{"result": "MAYBE"}', b"{}", b'{"result": "FAIL", "reasons": 1}']
)
async def test_a_check_without_a_result_never_passes(
    body: bytes, scripted: Any, connect: Connect
) -> None:
    scripted.body = body
    gateway = await connect()
    with pytest.raises(MalformedAnswerError):
        await gateway.check_no_new_access("{}", "{}")
    with pytest.raises(MalformedAnswerError):
        await gateway.check_no_public_access("{}")


async def test_access_analyzer_that_may_not_be_asked_is_told(
    embedded: ControlledKms, gateway: Any
) -> None:
    embedded.control.deny("ValidatePolicy")
    with pytest.raises(AccessDeniedError, match="on access-analyzer:ValidatePolicy"):
        await gateway.validate_policy("{}")
