"""A role that is assumed with the credentials of a profile, without a profile of its own.

So the accounts of an organization are read: one role in each, by a pattern of its ARN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    DeferredRefreshableCredentials,
)

if TYPE_CHECKING:
    from botocore.session import Session

_SESSION_NAME = "kmstui"
"""What CloudTrail shows of who assumed it, beside the caller of AssumeRole."""


class RoleProvider(CredentialProvider):
    """Assumes a role; the cache keeps it, so that another Region needs no call and no code."""

    METHOD = "assume-role"
    CANONICAL_NAME = "kmstui-role"

    def __init__(self, source: Session, role: str, cache: dict[str, Any]) -> None:
        """`source` has the credentials that may assume it."""
        super().__init__()
        self._source = source
        self._role = role
        self._cache = cache

    def load(self) -> DeferredRefreshableCredentials | None:
        """The role's credentials; None where there are none to assume it with."""
        credentials = self._source.get_credentials()
        if credentials is None:
            return None
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._source.create_client,
            source_credentials=credentials,
            role_arn=self._role,
            extra_args={"RoleSessionName": _SESSION_NAME},
            cache=self._cache,
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)
