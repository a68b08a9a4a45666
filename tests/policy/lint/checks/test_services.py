"""Services as principals: which exist, where, and what they are called (KMS306)."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model.arn import Arn
from kmstui.policy.iam.principals import DNS_SUFFIXES
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.core import KeyContext, Severity
from kmstui.policy.lint.facts.services import partition_of_region, read_service
from kmstui.policy.lint.linter import lint
from tests.policy.rule_cases import ACCOUNT, KEY, NO_KEY, Case, check, check_fixes, policy, unmark
from tests.policy.rule_cases import statement as _statement

IN_CHINA = KeyContext(arn=Arn.parse(f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/k"))
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def _case(
    note: str,
    *services: str,
    key: KeyContext = KEY,
    severity: Severity | None = None,
    fixable: bool | None = None,
) -> Case:
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    statement = _statement(Principal={"Service": list(services)}, Condition=condition)
    return Case("KMS306", policy(statement), key, severity, fixable, note)


CASES: tuple[Case, ...] = (
    _case(
        "near: principals of a service's features",
        "fargate.amazonaws.com",
        "events.rds.amazonaws.com",
        "maintenance.s3tables.amazonaws.com",
        "indexing.s3vectors.amazonaws.com",
        "logging.s3.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "systemtables.cloudwatch.amazonaws.com",
        "mrk.kms.amazonaws.com",
        "malware-protection.guardduty.amazonaws.com",
        "member.org.stacksets.cloudformation.amazonaws.com",
    ),
    _case("the shop's domain", "⟦cloudtrail.amazon.com⟧", severity=ERROR, fixable=True),
    _case("without a key too", "⟦s3.amazon.com⟧", key=NO_KEY, severity=ERROR, fixable=True),
    _case("as in a URL", "⟦cloudtrail.aws.amazon.com⟧", severity=ERROR, fixable=True),
    _case("near: of Alexa", "alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com"),
    _case("China's on a key elsewhere", "⟦sqs.amazonaws.com.cn⟧", severity=ERROR, fixable=True),
    _case(
        "China's, with a Region of China",
        "⟦logs.cn-north-1.amazonaws.com.cn⟧",
        severity=ERROR,
        fixable=True,
    ),
    _case(
        "China's, with a Region elsewhere",
        "⟦logs.us-east-1.amazonaws.com.cn⟧",
        key=NO_KEY,
        severity=ERROR,
        fixable=True,
    ),
    _case("Europe's on a key elsewhere", "⟦s3.amazonaws.eu⟧", severity=ERROR, fixable=True),
    _case("near: no key", "logs.amazonaws.com.cn", key=NO_KEY),
    _case(
        "near: in China",
        "logs.cn-north-1.amazonaws.com.cn",
        "ec2.amazonaws.com.cn",
        "s3.amazonaws.com",
        key=IN_CHINA,
    ),
    _case(
        "one that has no domain of its own in China",
        "⟦lambda.amazonaws.com.cn⟧",
        key=IN_CHINA,
        severity=WARNING,
        fixable=True,
    ),
    _case("another Region", "⟦logs.us-east-1.amazonaws.com⟧", severity=WARNING, fixable=True),
    _case(
        "logs of a Region that must be enabled",
        "⟦logs.me-south-1.amazonaws.com⟧",
        severity=WARNING,
        fixable=True,
    ),
    _case("near: the key's Region", "logs.eu-west-1.amazonaws.com"),
    _case("near: the key is not known", "logs.us-east-1.amazonaws.com", key=NO_KEY),
    _case("near: SNS delivers from there", "sns.me-south-1.amazonaws.com"),
    _case(
        "near: one text for several Regions",
        "logs.us-east-1.amazonaws.com",
        "logs.eu-west-1.amazonaws.com",
    ),
    _case(
        "Region first", "⟦eu-west-1.logs.amazonaws.com⟧", severity=WARNING, fixable=True, key=NO_KEY
    ),
    _case("near: ElastiCache's", "eu-west-1.elasticache-snapshot.amazonaws.com"),
    _case("unknown", "⟦frobnicate.amazonaws.com⟧", severity=WARNING, fixable=False),
    _case("a new feature", "⟦frobnicate.s3.amazonaws.com⟧", severity=INFO, fixable=False),
    _case("misspelt", "⟦delivry.logs.amazonaws.com⟧", severity=WARNING, fixable=True),
    _case("near to several", "⟦sxs.amazonaws.com⟧", severity=WARNING, fixable=False),
    _case("misspelt elsewhere", "⟦cloudtrial.amazon.com⟧", severity=WARNING, fixable=True),
)


def _asked(note: str, key: str, *values: str, fixable: bool | None = None) -> Case:
    operator = "ForAnyValue:StringEquals" if key.endswith(("List", "Via")) else "StringEquals"
    statement = _statement(Condition={operator: {key: list(values)}})
    severity = None if note.startswith("near") else WARNING
    return Case("KMS306", policy(statement), KEY, severity, fixable, note)


CASES += (
    _asked("condition", "aws:PrincipalServiceName", "⟦cloudtrail.amazon.com⟧", fixable=True),
    _asked("condition, name alone", "aws:CalledVia", "⟦cloudformation⟧", fixable=True),
    _asked("condition, misspelt", "aws:CalledViaFirst", "⟦athenna.amazonaws.com⟧", fixable=True),
    _asked(
        "condition, another Region",
        "aws:PrincipalServiceNamesList",
        "⟦logs.us-east-1.amazonaws.com⟧",
        fixable=True,
    ),
    _asked("condition on a grant", "kms:GranteeServicePrincipal", "⟦rds.amazonaws.com.cn⟧"),
    _asked("near: conditions", "aws:CalledVia", "athena.amazonaws.com", "s3.amazonaws.com"),
    _asked("near: not literal", "aws:PrincipalServiceName", "*.amazonaws.com", "${aws:userid}"),
    _asked("near: another key", "aws:PrincipalTag/service", "cloudtrail.amazon.com"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_found_where_it_is(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fixes_remove_what_they_are_for(case: Case) -> None:
    assert check_fixes(unmark(case.text)[0], case.key) or not case.fixable


def test_an_unknown_name_is_not_said_to_be_no_service_but_to_be_in_no_list_of_a_date() -> None:
    text = policy(_statement(Principal={"Service": "frobnicate.amazonaws.com"}))
    (finding,) = (each for each in lint(text, KEY) if each.rule == "KMS306")
    assert f"not in the list of services of {knowledge().date}" in finding.message


def test_an_unknown_service_without_a_condition_still_acts_for_anybody() -> None:
    text = policy(_statement(Principal={"Service": "frobnicate.amazonaws.com"}))
    assert "KMS513" in {each.rule for each in lint(text, KEY)}


@given(st.sampled_from(sorted(knowledge().service_principals)), st.booleans())
def test_every_listed_name_is_right_alone_and_with_the_key_s_region(name: str, alone: bool) -> None:
    value = f"{name}.amazonaws.com" if alone else f"{name}.eu-west-1.amazonaws.com"
    text = policy(_statement(Principal={"Service": value}))
    assert not [each for each in lint(text, KEY) if each.rule == "KMS306"]


@given(st.sampled_from(sorted(knowledge().principals_of_other_domains)))
def test_every_listed_name_of_another_domain_is_right_in_china(value: str) -> None:
    text = policy(_statement(Principal={"Service": value}))
    assert not [each for each in lint(text, IN_CHINA) if each.rule == "KMS306"]


@given(st.text(alphabet="ab1-.", max_size=20), st.sampled_from(["amazonaws.com", "amazonaws.eu"]))
def test_what_is_taken_apart_is_put_together_again(name: str, domain: str) -> None:
    read = read_service(f"{name}.{domain}")
    if read is not None:
        assert read.region_first or read.written() == f"{name}.{domain}"


def test_domains_and_regions_are_those_of_botocore() -> None:
    """A partition that AWS opens is told by this test, not by a false finding."""
    data = Path(botocore.__file__).parent / "data" / "partitions.json"
    partitions = json.loads(data.read_text("utf-8"))["partitions"]
    assert {each["id"]: each["outputs"]["dnsSuffix"] for each in partitions} == DNS_SUFFIXES
    for each in partitions:
        for region in each["regions"]:
            if not region.endswith("global"):
                assert partition_of_region(region) == each["id"], region
