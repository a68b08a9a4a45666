"""STS, IAM, tagging, CloudTrail, Access Analyzer and the metadata service."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from kmstui.demo import MFA_CODE, mfa_serial
from tests.control import ControlledKms
from tests.embedded import client

ACCOUNT = "418259630147"


def test_everybody_is_who_they_are(embedded: ControlledKms) -> None:
    for who, arn in (
        ("instance", "assumed-role/KMSWorkshop-InstanceInitRole/i-0b7f3c2d9e4a1586c"),
        ("admin", "assumed-role/KeyAdministrator/alice.ops"),
        ("user", "user/userA"),
        ("root", "root"),
    ):
        identity = client(embedded, "sts", who).get_caller_identity()
        assert identity["Arn"].endswith(f":{ACCOUNT}:{arn}")
        assert identity["Account"] == ACCOUNT


def _assume(embedded: ControlledKms, who: str, role: str, **more: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    sts = client(embedded, "sts", who)
    credentials: dict[str, Any] = sts.assume_role(RoleArn=arn, RoleSessionName="session", **more)[
        "Credentials"
    ]
    return credentials


def _session_client(embedded: ControlledKms, service: str, credentials: dict[str, Any]) -> Any:
    import boto3

    make: Any = boto3.client  # Its overloads want each service by its own literal.
    return make(
        service,
        region_name="eu-west-1",
        endpoint_url=embedded.endpoint_url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_a_role_that_asks_for_mfa(embedded: ControlledKms, refused: Any) -> None:
    role = "KMSWorkshop-MfaAdmin"
    mfa = {"SerialNumber": mfa_serial(ACCOUNT), "TokenCode": MFA_CODE}
    assert refused(_assume, embedded=embedded, who="user", role=role)[0] == "AccessDenied"
    wrong = {**mfa, "TokenCode": "000000"}
    code, message = refused(_assume, embedded=embedded, who="user", role=role, **wrong)
    assert code == "AccessDenied"
    assert "invalid MFA one time pass code" in message
    kms = _session_client(embedded, "kms", _assume(embedded, "user", role, **mfa))
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{role}"},
        "Action": "kms:Encrypt",
        "Resource": "*",
        "Condition": condition,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    embedded.control.change_key("alias/ImportedCMK", policy=policy)
    assert kms.encrypt(KeyId="alias/ImportedCMK", Plaintext=b"x")


def test_a_session_policy_caps_the_session(embedded: ControlledKms, refused: Any) -> None:
    document = {"Effect": "Allow", "Action": "kms:List*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    credentials = _assume(embedded, "user", "KeyAdministrator", Policy=policy)
    kms = _session_client(embedded, "kms", credentials)
    assert kms.list_keys()["Keys"]
    message = refused(kms.describe_key, KeyId="alias/ImportedCMK")[1]
    assert "because no session policy allows the kms:DescribeKey action" in message


def test_roles_that_do_not_exist_or_do_not_trust(embedded: ControlledKms, refused: Any) -> None:
    for role in ("Nobody", "orders-api"):
        code, message = refused(_assume, embedded=embedded, who="user", role=role)
        assert code == "AccessDenied"
        assert message.endswith(f"role/{role}")


def test_iam_shows_the_instance_role_and_can_be_denied(
    embedded: ControlledKms, refused: Any
) -> None:
    iam = client(embedded, "iam")
    name = "KMSWorkshop-InstanceInitRole"
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == [
        "KMSWorkshop-AditionalPermissions"
    ]
    actions = iam.get_role_policy(RoleName=name, PolicyName="KMSWorkshop-AditionalPermissions")[
        "PolicyDocument"
    ]["Statement"][0]["Action"]
    assert {"kms:Encrypt", "kms:Decrypt", "kms:PutKeyPolicy", "kms:TagResource"} <= set(actions)
    embedded.control.deny("iam:GetRolePolicy")
    code, message = refused(iam.get_role_policy, RoleName=name, PolicyName="x")
    assert code == "AccessDenied"
    assert "is not authorized to perform: iam:GetRolePolicy" in message
    assert iam.get_role(RoleName=name)["Role"]["Arn"].endswith(name)


def test_tags_of_many_keys_at_once(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    tagging = client(embedded, "resourcegroupstaggingapi")
    page = tagging.get_resources(
        ResourceTypeFilters=["kms:key"], TagFilters=[{"Key": "project", "Values": ["kmsworkshop"]}]
    )
    listed = page["ResourceTagMappingList"]
    assert len(listed) == 6
    for entry in listed:
        if "role-only" not in str(embedded.control.key(entry["ResourceARN"]).aliases):
            tags = kms.list_resource_tags(KeyId=entry["ResourceARN"])["Tags"]
            assert [{"Key": t["TagKey"], "Value": t["TagValue"]} for t in tags] == entry["Tags"]
    embedded.control.deny("tagging:GetResources")
    assert refused(tagging.get_resources)[0] == "AccessDeniedException"


def _events(embedded: ControlledKms, arn: str, **more: Any) -> dict[str, Any]:
    attribute = {"AttributeKey": "ResourceName", "AttributeValue": arn}
    answer: dict[str, Any] = client(embedded, "cloudtrail").lookup_events(
        LookupAttributes=[attribute], **more
    )
    return answer


def test_cloudtrail_remembers_the_past_and_tells_what_happens(
    embedded: ControlledKms, kms: Any
) -> None:
    arn = embedded.control.key("alias/data-lake/raw").metadata["Arn"]
    past = _events(embedded, arn)["Events"]
    assert len(past) == 26
    assert past == sorted(past, key=lambda event: event["EventTime"], reverse=True)
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": "a", "TagValue": "b"}])
    newest = _events(embedded, arn)["Events"][0]
    assert newest["EventName"] == "TagResource"
    record = json.loads(newest["CloudTrailEvent"])
    assert record["requestParameters"]["tags"] == [{"tagKey": "a", "tagValue": "b"}]
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"].startswith("KMS")
    assert record["sourceIPAddress"] == "54.217.83.140"


def test_events_carry_context_and_endpoint_but_no_secret(embedded: ControlledKms, kms: Any) -> None:
    embedded.control.set_network("10.20.4.117", "vpce-0f4d2b7a91c6e8350")
    context = {"App:Name": "orders"}
    key = embedded.control.key("alias/ImportedCMK").metadata["Arn"]
    kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=context)
    record = json.loads(_events(embedded, key)["Events"][0]["CloudTrailEvent"])
    assert record["requestParameters"]["encryptionContext"] == context
    assert record["vpcEndpointId"] == "vpce-0f4d2b7a91c6e8350"
    assert "plaintext" not in json.dumps(record).lower()


def test_denied_calls_are_events_too(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    arn = embedded.control.key("alias/hr/payroll").metadata["Arn"]
    refused(kms.get_key_policy, KeyId=arn.rpartition("/")[2])
    record = json.loads(_events(embedded, arn)["Events"][0]["CloudTrailEvent"])
    assert record["errorCode"] == "AccessDenied"
    assert "not authorized" in record["errorMessage"]


def test_events_are_paged(embedded: ControlledKms) -> None:
    arn = embedded.control.key("alias/data-lake/raw").metadata["Arn"]
    first = _events(embedded, arn, MaxResults=20)
    rest = _events(embedded, arn, MaxResults=20, NextToken=first["NextToken"])
    ids = [event["EventId"] for event in first["Events"] + rest["Events"]]
    assert len(ids) == len(set(ids)) == 26
    assert "NextToken" not in rest


def test_access_analyzer_answers_from_the_policy(embedded: ControlledKms, kms: Any) -> None:
    analyzer = client(embedded, "accessanalyzer")
    for alias, result in (("public/by-mistake", "FAIL"), ("orders/api", "PASS")):
        policy = embedded.control.key(f"alias/{alias}").policy
        answer = analyzer.check_no_public_access(
            policyDocument=policy, resourceType="AWS::KMS::Key"
        )
        assert answer["result"] == result
    findings = analyzer.validate_policy(policyDocument="{,}", policyType="RESOURCE_POLICY")[
        "findings"
    ]
    assert [finding["issueCode"] for finding in findings] == ["JSON_SYNTAX_ERROR"]
    assert findings[0]["locations"][0]["span"]["start"]["line"] == 1


def _metadata(embedded: ControlledKms, path: str, token: str = "", method: str = "GET") -> str:
    request = urllib.request.Request(f"{embedded.endpoint_url}/latest/{path}", method=method)
    if token:
        request.add_header("X-aws-ec2-metadata-token", token)
    with urllib.request.urlopen(request) as response:
        return str(response.read().decode())


def test_the_metadata_service_wants_its_token(embedded: ControlledKms) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        _metadata(embedded, "meta-data/placement/region")
    token = _metadata(embedded, "api/token", method="PUT")
    assert _metadata(embedded, "meta-data/placement/region", token) == "eu-west-1"
    document = json.loads(_metadata(embedded, "dynamic/instance-identity/document", token))
    assert document["accountId"] == ACCOUNT


def test_boto3_takes_credentials_from_it(
    embedded: ControlledKms, monkeypatch: pytest.MonkeyPatch, aws_environment: dict[str, str]
) -> None:
    import botocore.session

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", embedded.endpoint_url)
    session = botocore.session.Session()
    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.method == "iam-role"
    sts: Any = session.create_client("sts")
    identity = sts.get_caller_identity()
    assert "KMSWorkshop-InstanceInitRole" in identity["Arn"]
