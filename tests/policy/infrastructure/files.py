"""Files that hold key policies, with ⟦marks⟧ around what the linter should find in them."""

from __future__ import annotations

import re

_MARK = re.compile(r"⟦(?:(?P<rule>KMS\d{3}) )?|⟧")

CLOUDFORMATION = """\
AWSTemplateFormatVersion: 2010-09-09
Description: "é: a character of two bytes before what is found"
Resources:
  Signing:
    Type: AWS::KMS::Key
    Properties:
      KeySpec: ECC_NIST_P256
      KeyUsage: SIGN_VERIFY
      KeyPolicy:
        Version: 2012-10-17
        Statement:
          - Sid: Root
            Effect: Allow
            Principal:
              AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"
            Action: kms:*
            Resource: "*"
          - Sid: Use
            Effect: ⟦KMS106 allow⟧
            Principal:
              AWS: !GetAtt Role.Arn
            Action:
              - ⟦KMS201 kms:Decrpyt⟧
              - 'kms:Sign'
            Resource: '*'
            Condition:
              StringEquals: {kms:CallerAccount: !Ref AWS::AccountId}
          - Fn::If:
              - Open
              - Sid: Anybody
                Effect: Allow
                Principal: ⟦KMS501 "*"⟧
                Action: kms:Verify
                Resource: "*"
              - !Ref AWS::NoValue
"""

JSON_TEMPLATE = """\
{"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Root", "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {
      "AWS": {"Fn::Join": [":", ["arn:aws:iam:", {"Ref": "AWS::AccountId"}, "root"]]}}},
    {"Sid": "Use", "Effect": "Allow", "Action": ⟦KMS201 "kms:Decrpyt"⟧, "Resource": "*",
     "Principal": {"AWS": {"Fn::ImportValue": "role"}}}
  ]}}}}}
"""

TERRAFORM = """\
# é: a character of two bytes before what is found
locals {
  root = "arn:${data.aws_partition.current.partition}:iam::${local.account}:root"
  account = data.aws_caller_identity.current.account_id
}
resource "aws_kms_key" "encoded" {
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Root"
        Effect    = "Allow"
        Principal = { AWS = local.root }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Use", # a comment
        "Effect" : "Allow"
        Principal = { AWS = [aws_iam_role.app.arn, "arn:aws:iam::${var.partner}:root"] }
        Action    = [⟦KMS201 "kms:Sgin"⟧, "kms:GetPublicKey"]
        Resource  = "*"
        Condition = { Bool = { "aws:SecureTransport" = ⟦KMS406 "yes"⟧ } }
      },
    ]
  })
}
resource "aws_kms_key_policy" "heredoc" {
  key_id = aws_kms_key.other.id
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "${local.root}"},
         "Action": "kms:*", "Resource": "*"},
        {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": "${aws_iam_role.app.arn}"},
         "Action": [⟦KMS201 "kms:Decrpyt"⟧⟦KMS002 ,⟧], "Resource": "*"}
      ]
    }
  EOT
}
resource "aws_kms_key" "document" {
  policy = data.aws_iam_policy_document.key.json
}
data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Root"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [local.root]
    }
  }
  statement {
    sid       = "Use"
    effect    = "Allow"
    actions   = [⟦KMS201 "kms:Decrpyt"⟧]
    resources = ["*"]
    principals {
      type        = ⟦KMS305 "Aws"⟧
      identifiers = [aws_iam_role.app.arn]
    }
    condition {
      test     = "StringEquals"
      variable = ⟦KMS404 "kms:ViaServise"⟧
      values   = ["ec2.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "of_a_role" {
  statement {
    actions   = ["kms:Decrpyt"]
    resources = ["*"]
  }
}
"""

KUBERNETES = """\
apiVersion: kms.services.k8s.aws/v1alpha1
kind: Key
metadata: {name: app}
spec:
  policy: |
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
         "Action": ["kms:*", ⟦KMS201 "kms:Decrpyt"⟧], "Resource": "*"}
      ]
    }
---
apiVersion: kms.aws.upbound.io/v1beta1
kind: Key
spec:
  forProvider:
    policy: >-
      {"Version": "2012-10-17", "Statement":
      [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
      "Action": ["kms:*", ⟦KMS201 "kms:Decrpyt"⟧], "Resource": "*"}]}
"""

PLAYBOOK = """\
- hosts: localhost
  tasks:
    - name: A key
      amazon.aws.kms_key:
        alias: app
        policy:
          Version: '2012-10-17'
          Statement: &all
            - Effect: Allow
              Principal: {AWS: "arn:aws:iam::444455556666:root"}
              Action: [kms:*, ⟦KMS201 kms:Decrpyt⟧]
              Resource: '*'
"""

BARE = """\
Version: 2012-10-17
Statement:
  - Effect: Allow
    Principal: {AWS: 'arn:aws:iam::444455556666:root'}
    Action: kms:*
    Resource: ⟦KMS311 'arn:aws:s3:::bucket'⟧
"""

ALL = {
    "template.yaml": CLOUDFORMATION,
    "template.json": JSON_TEMPLATE,
    "keys.tf": TERRAFORM,
    "key.yml": KUBERNETES,
    "playbook.yml": PLAYBOOK,
    "policy.yaml": BARE,
}


def unmarked(text: str) -> str:
    """The file itself."""
    return _MARK.sub("", text)


def marks(text: str) -> set[tuple[str, int, int]]:
    """What is marked: rule and range in the file."""
    found, opened, removed = set(), ("", 0), 0
    for match in _MARK.finditer(text):
        at = match.start() - removed
        removed += len(match[0])
        if match[0] == "⟧":
            found.add((opened[0], opened[1], at))
        else:
            opened = (match["rule"], at)
    return found
