"""Where a key stands in the AWS Management Console."""

from __future__ import annotations

from kmstui.model.key import Key

_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""By partition. Sources: AWS Management Console Getting Started Guide; "Getting Started with AWS
Services in China Regions"; AWS GovCloud (US) User Guide, "Signing in to the console"."""


def console_url(key: Key, partition: str, region: str) -> str:
    """The page of a key; empty for a partition whose console has no public address."""
    host = _HOSTS.get(partition)
    if host is None:
        return ""
    page = "defaultKeys" if key.is_aws_managed else "keys"
    return f"https://{region}.{host}/kms/home?region={region}#/kms/{page}/{key.id}"
