"""Amazon Resource Names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arn:
    """One Amazon Resource Name, split at its first five colons.

    Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
    """

    partition: str
    """`aws`, `aws-cn`, `aws-us-gov` …"""
    service: str
    """The service's namespace, such as `kms` or `iam`."""
    region: str
    """The Region; empty for services without one, such as IAM."""
    account: str
    """The twelve digits of the account; empty where the resource has none."""
    resource: str
    """All after the fifth colon, colons included."""

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Split `text`.

        Raises:
            ValueError: `text` does not have the six parts of an ARN.
        """
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
            raise ValueError(f"not an ARN: {text!r}")
        return cls(*parts[1:])

    @classmethod
    def maybe(cls, text: str) -> Arn | None:
        """The ARN that `text` is, or None."""
        try:
            return cls.parse(text)
        except ValueError:
            return None

    def __str__(self) -> str:
        return ":".join(
            ("arn", self.partition, self.service, self.region, self.account, self.resource)
        )

    @property
    def resource_type(self) -> str:
        """The word before the first `/` or `:` of the resource (`key`, `role`, `user` …)."""
        return self.resource.replace(":", "/", 1).split("/", 1)[0]

    @property
    def name(self) -> str:
        """What follows the resource type, path included; empty where nothing does."""
        return self.resource.replace(":", "/", 1).partition("/")[2]
