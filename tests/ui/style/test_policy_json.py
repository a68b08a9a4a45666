"""What a policy is made of is told apart, whatever line it stands on."""

import pytest

from kmstui.ui.style.policy_json import json_ranges


def looks(line):
    """Each part of a line with its style, the last one where several overlap."""
    styles = [""] * len(line)
    for start, end, style in json_ranges(line):
        styles[start:end] = [style.removeprefix("json-")] * (end - start)
    parts: dict[str, str] = {}
    for letter, style in zip(line, styles, strict=True):
        parts[style] = parts.get(style, "") + letter
    return {style: text for style, text in parts.items() if style not in ("", "punctuation")}


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ('  "Effect": "Deny",', {"name": '"Effect"', "deny": "Deny"}),
        ('"Effect": "Allow"', {"name": '"Effect"', "allow": "Allow"}),
        ('    "Deny"', {"deny": "Deny"}),
        ('"Sid": "Deny"', {"name": '"Sid"'}),
        ('"Version": "2012-10-17",', {"name": '"Version"'}),
        ('"kms:ReEncrypt*",', {"prefix": "kms:", "action": "ReEncrypt", "wildcard": "*"}),
        ('"Action": "*"', {"name": '"Action"', "wildcard": "*"}),
        (
            '"AWS": ["arn:aws:iam::111122223333:role/api", "111122223333"]',
            {
                "name": '"AWS"',
                "arn": "arn:aws:iam::",
                "account": "111122223333111122223333",
                "resource": ":role/api",
            },
        ),
        ('"Service": "s3.amazonaws.com"', {"name": '"Service"', "service": "s3.amazonaws.com"}),
        (
            '"ForAnyValue:StringLikeIfExists": {"kms:ViaService": "x"}',
            {"operator": '"ForAnyValue:StringLikeIfExists"', "condition": '"kms:ViaService"'},
        ),
        (
            '"aws:MultiFactorAuthAge": "3600", "a": "true", "n": 12, "b": true',
            {
                "condition": '"aws:MultiFactorAuthAge"',
                "name": '"a""n""b"',
                "number": "3600true12true",
            },
        ),
        (
            '"arn:aws:iam::your-account-id:root"',
            {"arn": "arn:aws:iam::", "placeholder": "your-account-id", "resource": ":root"},
        ),
        ('"${role}", "${aws:username}"', {"placeholder": "${role}"}),
        ('"not closed', {"wrong": '"not closed'}),
    ],
)
def test_parts_of_a_policy_are_told_apart(line, parts):
    assert looks(line) == parts


def test_a_line_too_long_to_colour_between_two_keys_stays_plain():
    assert json_ranges('"Effect": "Deny"' + " " * 2000) == ()
