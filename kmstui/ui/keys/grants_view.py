"""The key's grants: who may do what without the key policy saying so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from kmstui.model import Arn, Grant
from kmstui.service.keys import Grants
from kmstui.ui.keys.table_view import TableView, as_json, moment
from kmstui.ui.style import Part
from kmstui.ui.widgets import Column

_COLUMNS = (
    Column("grantee", "WHO", 20, rank=0, most=50),
    Column("operations", "MAY", 20, rank=1, most=60),
    Column("constraints", "ONLY WITH", 14, rank=2, most=40),
    Column("created", "CREATED", 10, rank=3),
    Column("retiring", "MAY RETIRE IT", 16, rank=4, most=40),
    Column("name", "NAME", 12, rank=5, most=30),
    Column("id", "GRANT ID", 16, rank=6, most=64),
)


def short_principal(principal: str) -> str:
    """A principal without account and path: `role/X`, `X/session`, or a service as it is."""
    arn = Arn.maybe(principal)
    if arn is None or arn.service not in ("iam", "sts"):
        return principal
    if arn.resource == "root":
        return f"account {arn.account}"
    if arn.resource_type == "assumed-role":
        return arn.name
    return f"{arn.resource_type}/{arn.name.rpartition('/')[2]}"


def constraint_words(grant: Grant) -> str:
    """What the grant asks of a request; empty when it asks for nothing."""
    exact = " ".join(f"{name}={value}" for name, value in grant.context_equals)
    part = " ".join(f"{name}={value}" for name, value in grant.context_subset)
    words = (
        f"exactly {exact}" if exact else "",
        f"at least {part}" if part else "",
        f"for {grant.source_arn}" if grant.source_arn else "",
        "a constraint that could not be read" if grant.constraint_unread else "",
    )
    return " and ".join(filter(None, words))


def told_of(grant: Grant) -> Iterator[tuple[str, str]]:
    """Everything of a grant, each with its label."""
    yield "Who", grant.holder or "unknown"
    yield "May", ", ".join(grant.operations) or "unknown"
    if grant.unread:
        yield "Not read", grant.unread
    yield "Only with", constraint_words(grant) or "anything"
    yield "May retire", grant.retirer or "the account, or the grantee if it may RetireGrant"
    yield "Created", moment(grant.created) or "unknown"
    yield "By account", grant.issuing_account or "unknown"
    yield "Name", grant.name or "none"
    yield "Grant ID", grant.id


class GrantsView(TableView[Grant]):
    """A row for each grant, newest first."""

    scope: ClassVar[str] = "grants"
    columns: ClassVar[tuple[Column, ...]] = _COLUMNS

    async def load(self, key_id: str) -> None:
        """Read the grants, also when they are here: services come and go with theirs.

        Raises:
            ServiceError: they may not be listed.
        """
        grants = await Grants(self.session).of(key_id)
        if key_id == self.key_id:
            # One that could not be read may lack its ID.
            rows = (grant.id or f"unread {number}" for number, grant in enumerate(grants))
            self.entries = dict(zip(rows, grants, strict=True))
            self.show_rows("No grants: its policy and IAM policies say who may use the key.")

    def copies(self) -> Sequence[tuple[str, str, str]]:
        """The grant's parts."""
        grant = self.chosen
        if grant is None:
            return ()
        return (
            ("Grant ID", "1", grant.id),
            ("Grantee principal", "2", grant.holder),
            ("Grant as JSON", "3", _as_json(grant)),
        )

    def cells_of(self, grant: Grant) -> Mapping[str, Part]:
        """Who may do what with which encryption context, and since when."""
        return {
            "grantee": (short_principal(grant.holder), "accent"),
            "operations": " ".join(grant.operations) or (f"not read: {grant.unread}", "bad"),
            "constraints": constraint_words(grant) or ("anything", "dim"),
            "created": (f"{grant.created:%Y-%m-%d}" if grant.created else "", "dim"),
            "retiring": short_principal(grant.retirer) or ("-", "dim"),
            "name": grant.name or ("-", "dim"),
            "id": (grant.id, "dim"),
        }


def _as_json(grant: Grant) -> str:
    """The grant as ListGrants names its members."""
    constraints: dict[str, object] = {
        name: dict(pairs)
        for name, pairs in (
            ("EncryptionContextEquals", grant.context_equals),
            ("EncryptionContextSubset", grant.context_subset),
        )
        if pairs
    }
    if grant.source_arn:
        constraints["SourceArn"] = grant.source_arn
    members = {
        "KeyId": grant.key_arn,
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created.isoformat() if grant.created else None,
        "GranteePrincipal": grant.grantee,
        "GranteeServicePrincipal": grant.grantee_service,
        "RetiringPrincipal": grant.retiring,
        "RetiringServicePrincipal": grant.retiring_service,
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
        "Constraints": constraints,
    }
    return as_json(members)
