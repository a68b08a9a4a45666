"""Aliases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alias:
    """One entry of ListAliases. Source: KMS API Reference, AliasListEntry."""

    name: str
    """With its `alias/` prefix."""
    key_id: str = ""
    """TargetKeyId; empty for a predefined alias of a service not used in this account yet."""
    created: datetime | None = None
    updated: datetime | None = None

    @property
    def is_aws(self) -> bool:
        """Whether the alias is AWS's own (`alias/aws/…`), which nobody else may change."""
        return self.name.startswith("alias/aws/")
