"""The key's grants: who may do what without the key policy saying so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult

from kmstui.model import Arn, Grant
from kmstui.service.keys import Grants
from kmstui.service.session import Session
from kmstui.ui.keys.details_view import moment
from kmstui.ui.style import Part, Symbols
from kmstui.ui.views import KeyView
from kmstui.ui.widgets import Column, LineTable

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
    """The encryption context that the grant asks for; empty when it asks for none."""
    exact = " ".join(f"{name}={value}" for name, value in grant.context_equals)
    part = " ".join(f"{name}={value}" for name, value in grant.context_subset)
    return " and ".join([f"exactly {exact}"] * bool(exact) + [f"at least {part}"] * bool(part))


def grant_lines(grant: Grant) -> Iterator[str]:
    """Everything of a grant, a line each."""
    yield f"Who          {grant.grantee}"
    yield f"May          {', '.join(grant.operations)}"
    yield f"Only with    {constraint_words(grant) or 'any encryption context'}"
    yield f"May retire   {grant.retiring or 'the account, or the grantee if it may RetireGrant'}"
    yield f"Created      {moment(grant.created) or 'unknown'}"
    yield f"By account   {grant.issuing_account or 'unknown'}"
    yield f"Name         {grant.name or 'none'}"
    yield f"Grant ID     {grant.id}"


class GrantsView(KeyView):
    """A row for each grant, newest first."""

    title: ClassVar[str] = "Grants"
    scope: ClassVar[str] = "grants"

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._key_id: str | None = None
        self._grants: dict[str, Grant] | None = None
        self.table = LineTable(_COLUMNS, self._cells, symbols=symbols)

    def compose(self) -> ComposeResult:
        """The table alone."""
        yield self.table

    @property
    def focus_target(self) -> LineTable:
        """The table."""
        return self.table

    @property
    def count(self) -> str:
        """How many there are."""
        return "" if self._grants is None else str(len(self._grants))

    @property
    def key_id(self) -> str | None:
        """The key whose grants are shown."""
        return self._key_id

    @property
    def chosen(self) -> Grant | None:
        """The grant under the cursor."""
        return (self._grants or {}).get(self.table.cursor_row or "")

    def show_key(self, key_id: str | None) -> None:
        """Another key's grants are read when they are asked for."""
        if key_id != self._key_id:
            self._key_id, self._grants = key_id, None
            self.table.forget_place()
            self._show("Reading…" if key_id else "")

    async def load(self, key_id: str) -> None:
        """Read the grants, also when they are here: services come and go with theirs.

        Raises:
            ServiceError: they may not be listed.
        """
        grants = await Grants(self.session).of(key_id)
        if key_id == self._key_id:
            self._grants = {grant.id: grant for grant in grants}
            self._show("No grants: who may use the key stands in its policy and in IAM policies.")

    def show_problem(self, sentence: str) -> None:
        """The reason stands where the grants would."""
        self._grants = None
        self._show(f"{self.symbols.error} {sentence}", "bad")

    def copies(self) -> Sequence[tuple[str, str, str]]:
        """The grant's parts."""
        grant = self.chosen
        if grant is None:
            return ()
        return (
            ("Grant ID", "1", grant.id),
            ("Grantee principal", "2", grant.grantee),
            ("Grant as JSON", "3", json.dumps(_as_json(grant), indent=2)),
        )

    def _show(self, empty: str, style: str = "dim") -> None:
        self.table.set_empty(empty, style)
        self.table.set_rows(list(self._grants or ()))
        self.post_message(self.TitleChanged())

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        grant = (self._grants or {}).get(row)
        if grant is None:
            return ()
        cells: dict[str, Part] = {
            "grantee": (short_principal(grant.grantee), "accent"),
            "operations": " ".join(grant.operations),
            "constraints": constraint_words(grant) or ("anything", "dim"),
            "created": (f"{grant.created:%Y-%m-%d}" if grant.created else "", "dim"),
            "retiring": short_principal(grant.retiring) or ("-", "dim"),
            "name": grant.name or ("-", "dim"),
            "id": (grant.id, "dim"),
        }
        return [cells[column] for column in columns]


def _as_json(grant: Grant) -> dict[str, object]:
    """The grant as ListGrants names its members."""
    constraints = {
        name: dict(pairs)
        for name, pairs in (
            ("EncryptionContextEquals", grant.context_equals),
            ("EncryptionContextSubset", grant.context_subset),
        )
        if pairs
    }
    members: dict[str, object] = {
        "KeyId": grant.key_arn,
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created.isoformat() if grant.created else None,
        "GranteePrincipal": grant.grantee,
        "RetiringPrincipal": grant.retiring,
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
        "Constraints": constraints,
    }
    return {name: value for name, value in members.items() if value}
