"""Findings of policies inside other files stand where a person would look for them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model import Arn
from kmstui.policy.infrastructure import (
    InfrastructureError,
    context_of,
    findings_in,
    policies_in,
)
from kmstui.policy.lint import Finding, KeyContext
from tests.policy.infrastructure import files

_INFOS = {"KMS208", "KMS310"}


def found(name: str, text: str, *, beside: Sequence[str] = (), arn: str = "") -> list[Finding]:
    key = KeyContext(arn=Arn.parse(arn) if arn else None)
    read = policies_in(name, text, arn=key.arn, beside=lambda: beside)
    assert read is not None
    return [
        finding
        for policy in read.policies
        for finding in findings_in(policy, context_of(policy, key), disabled=_INFOS)
    ]


@pytest.mark.parametrize("name", files.ALL)
def test_each_finding_stands_where_the_file_says_it(name: str):
    text = files.unmarked(files.ALL[name])
    assert {(each.rule, *each.span) for each in found(name, text)} == files.marks(files.ALL[name])


@pytest.mark.parametrize("name", files.ALL)
def test_lines_that_end_as_on_windows_move_nothing(name: str):
    marked = files.ALL[name].replace("\n", "\r\n")
    text = files.unmarked(marked)
    assert {(each.rule, *each.span) for each in found(name, text)} == files.marks(marked)


def statement(**elements: str) -> str:
    """A statement of a template; what is empty is left out."""
    usual = {
        "Effect": "Allow",
        "Principal": "{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}",
        "Action": "'kms:*'",
        "Resource": "'*'",
    }
    lines = [f"{name}: {value}" for name, value in (usual | elements).items() if value]
    return "          - " + "\n            ".join(lines) + "\n"


def template(*statements: str) -> str:
    head = "Resources:\n  Key:\n    Type: AWS::KMS::Key\n    Properties:\n      KeyPolicy:\n"
    return f"{head}        Version: '2012-10-17'\n        Statement:\n{''.join(statements)}"


def rules(*statements: str) -> set[str]:
    return {each.rule for each in found("t.yaml", template(*statements))}


def test_who_is_known_only_when_deployed_locks_nobody_out():
    assert rules(statement()) == set()
    assert rules(statement(Principal="{AWS: !GetAtt Admin.Arn}")) <= {"KMS507"}
    assert rules(statement(Principal="{AWS: !Ref Admin}")) <= {"KMS507"}


def test_a_lock_out_is_still_told():
    one = statement(Principal="{AWS: !GetAtt App.Arn}", Action="'kms:Decrypt'")
    assert "KMS506" in rules(one)


def test_statements_that_are_not_known_leave_open_what_hangs_on_all_of_them():
    one = statement(Principal="{AWS: !GetAtt App.Arn}", Action="'kms:Decrypt'")
    assert rules(one, "          - !Ref More\n") == set()
    assert rules(one, "          - Fn::Transform: {Name: More}\n") == set()


def test_a_condition_that_is_not_known_opens_nothing():
    everybody = statement(Principal="'*'", Action="'kms:Decrypt'")
    assert "KMS501" in rules(statement(), everybody)
    assert rules(statement(), everybody + "            Condition: !Ref Which\n") == set()


def test_the_key_at_hand_tells_account_and_partition():
    arn = "arn:aws-cn:kms:cn-north-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert found("t.yaml", template(statement()), arn=arn)[0].rule == "KMS309"
    right = template(statement()).replace("arn:aws:", "arn:${AWS::Partition}:")
    assert found("t.yaml", right, arn=arn) == []


def test_literal_dollars_of_sub_are_policy_variables():
    resource = statement(Resource="!Sub 'arn:aws:kms:*:*:key/${!aws:username}'")
    policies = policies_in("t.yaml", template(resource))
    assert policies is not None
    assert '"arn:aws:kms:*:*:key/${aws:username}"' in policies.policies[0].rendered.text


def test_a_placeholder_that_somebody_forgot_is_told():
    assert "KMS601" in rules(statement(), statement(Principal="{AWS: '<your-role-arn>'}"))


def test_a_policy_that_another_file_tells_is_said_to_be_elsewhere():
    text = 'resource "aws_kms_key" "a" {\n  policy = file("policy.json")\n}\n'
    read = policies_in("a.tf", text)
    assert read is not None and read.policies == ()
    assert "aws_kms_key.a" in read.elsewhere[0] and "policy.json" in read.elsewhere[0]


def test_a_policy_that_is_left_to_its_default_is_none():
    for value in ("null", '""', "var.x == null ? null : null"):
        text = f'resource "aws_kms_key" "a" {{\n  policy = {value}\n}}\n'
        read = policies_in("a.tf", text)
        assert read is not None and not read.policies and not read.elsewhere
    text = 'resource "aws_kms_key" "a" {\n  policy = var.x == null ? null : var.x\n}\n'
    read = policies_in("a.tf", text)
    assert read is not None and "var.x" in read.elsewhere[0]


_DOCUMENT = """\
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["kms:Decrpyt"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.amazonaws.com"]
    }
  }
  statement {
    actions   = ["logs:CreateLogGroup"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
"""


def test_the_other_files_of_a_module_tell_which_document_is_a_keys():
    assert found("d.tf", _DOCUMENT) == []
    key = 'resource "aws_kms_key" "k" {\n  policy = data.aws_iam_policy_document.d[0].json\n}\n'
    assert {"KMS201", "KMS506"} <= {each.rule for each in found("d.tf", _DOCUMENT, beside=[key])}
    part = key.replace("policy =", "# ").replace(
        "\n}\n",
        "\n  policy = data.aws_iam_policy_document.all.json\n}\n"
        'data "aws_iam_policy_document" "all" {\n'
        "  source_policy_documents = [data.aws_iam_policy_document.d.json]\n}\n",
    )
    rules = {each.rule for each in found("d.tf", _DOCUMENT, beside=[part])}
    assert "KMS201" in rules and "KMS506" not in rules


def test_modules_for_keys_have_a_policy_too():
    text = 'module "k" {\n  source = "terraform-aws-modules/kms/aws"\n' + "  policy = jsonencode({"
    text += 'Statement = [{Effect = "allow"}]})\n}\n'
    assert "KMS106" in {each.rule for each in found("m.tf", text)}


def test_terraforms_variables_of_policies_are_those_of_aws():
    text = _DOCUMENT.replace('["logs:CreateLogGroup"]', '["kms:Sign"]').replace(
        '"logs.amazonaws.com"', '"logs.&{aws:username}.amazonaws.com", "$${aws:username}"'
    )
    read = policies_in("d.tf", text)
    assert read is not None
    assert read.policies[0].rendered.text.count("${aws:username}") == 2


def test_endpoints_of_kms_alone_are_looked_at():
    def endpoint(service: str) -> list[Finding]:
        text = f"""Resources:
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub com.amazonaws.${{AWS::Region}}.{service}
      PolicyDocument: {{Statement: [{{Effect: Allow, Principal: '*', Action: '*', Resource: '*'}}]}}
"""
        return found("e.yaml", text)

    assert "KMS521" in {each.rule for each in endpoint("kms")}
    assert endpoint("s3") == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("k.yaml", "kms: [", "line 2"),
        ("k.yaml", "kms: {{ .Values.key }}\n - x", "not YAML"),
        ("k.tf", 'resource "aws_kms_key" {\n  policy = = 1\n}\n', "line 2"),
        ("k.json", '{"Resources": {"kms": ,}}', "line 1"),
        ("k.yaml", "kms: " + "[" * 300, "deeper"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(name: str, text: str, words: str):
    with pytest.raises(InfrastructureError, match=words):
        policies_in(name, text)


def test_anchors_make_no_policy_of_a_gigabyte():
    lines = ["kms: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    lines += ["Statement: *a11"]
    with pytest.raises(InfrastructureError, match="anchors"):
        policies_in("bomb.yaml", "\n".join(lines))


def test_locals_make_none_either():
    lines = [f"  a{n} = [{', '.join([f'local.a{n + 1}'] * 10)}]" for n in range(12)]
    key = 'resource "aws_kms_key" "k" {\n  policy = jsonencode(local.a0)\n}\n'
    with pytest.raises(InfrastructureError, match="locals"):
        policies_in("bomb.tf", "locals {\n" + "\n".join(lines) + "\n}\n" + key)


@given(st.text(max_size=60), st.sampled_from(sorted(files.ALL)), st.integers(0, 3000))
def test_any_text_in_any_place_is_read_or_refused_in_a_sentence(more: str, name: str, at: int):
    text = files.unmarked(files.ALL[name])
    at = min(at, len(text))
    broken = text[:at] + more + text[at:]
    try:
        read = policies_in(name, broken)
    except InfrastructureError:
        return
    for policy in read.policies if read is not None else ():
        for each in findings_in(policy, KeyContext()):
            assert 0 <= each.span.start <= each.span.end <= len(broken)
