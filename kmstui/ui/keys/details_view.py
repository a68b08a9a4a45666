"""Everything that DescribeKey tells, and what is read on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from kmstui.model import CustomKeyStore, Key, KeyMaterial, KeyMetadata, LastUsage, Rotation
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.inventory import (
    Store,
    Topic,
    cost_words,
    never_rotates,
    slim_rotation,
    slim_usage,
)
from kmstui.service.keys import error_words, read_store
from kmstui.service.session import Session
from kmstui.ui.keys.table_view import TableView, moment
from kmstui.ui.main import state_style
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Part, Symbols, text_and_style, wrap
from kmstui.ui.widgets import Column

Row = tuple[str, Part]

_LABEL_WIDTH = 18


class DetailsView(TableView[Row]):
    """Labels and values; long values take several lines."""

    scope: ClassVar[str] = "details"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("label", "", _LABEL_WIDTH, rank=1),
        Column("value", "", 20, rank=0, most=1000),
    )
    header: ClassVar[bool] = False

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._rotation: Rotation | str | None = None
        self._usage: LastUsage | str | None = None
        self._key_store: CustomKeyStore | str | None = None

    @property
    def count(self) -> str:
        """Lines are not worth counting."""
        return ""

    def show_key(self, key_id: str | None) -> None:
        """Show what is known."""
        if key_id != self.key_id:
            self._rotation = self._usage = self._key_store = None
            self.table.forget_place()
        self.key_id = key_id
        self._show()

    async def load(self, key_id: str) -> None:
        """Read the rotation, where the key can have one. Failures are lines of the view.

        It is read again each time: an action may have changed it.
        """
        key = self.store.keys.get(key_id)
        if key is None or key.metadata is None:
            return
        if key.metadata.custom_key_store_id:
            await self._read_key_store(key_id, key.metadata.custom_key_store_id)
        if never_rotates(key.metadata):
            return
        connection = self.connection
        gateway = connection.gateway
        try:
            found = await gateway.rotation(key_id)
        except CancelledByPersonError:
            return
        except ServiceError as error:
            rotation: Rotation | str = error.sentence
        else:
            rotation = found
            if connection.is_connected_by(gateway):
                self._keep_rotation(key_id, found)
        if key_id == self.key_id:
            self._rotation = rotation
            self._show()

    async def _read_key_store(self, key_id: str, store_id: str) -> None:
        try:
            found: CustomKeyStore | str = await read_store(self.connection.gateway, store_id)
        except CancelledByPersonError:
            return
        except ServiceError as error:
            found = error.sentence
        if key_id == self.key_id:
            self._key_store = found
            self._show()

    def _keep_rotation(self, key_id: str, rotation: Rotation) -> None:
        """What is read here need not be read for the columns of the keys again."""
        self.store.know(key_id, rotation=slim_rotation(rotation))
        if not rotation.materials_problem:
            happened = sum(each.rotated is not None for each in rotation.materials)
            self.store.know(key_id, rotations=happened)

    async def read_last_usage(self) -> None:
        """Ask KMS when the key was last used; its quota is small, so only when asked for."""
        key_id = self.key_id
        if key_id is None:
            return
        connection = self.connection
        gateway = connection.gateway
        try:
            found = await gateway.last_usage(key_id)
        except ServiceError as error:
            usage: LastUsage | str = error.sentence
        else:
            usage = found
            if connection.is_connected_by(gateway):
                self.store.know(key_id, last_use=slim_usage(found))
        if key_id == self.key_id:
            self._usage = usage
            self._show()

    def show_problem(self, sentence: str) -> None:
        """A line like any other."""
        self._rotation = sentence
        self._show()

    def store_changed(self, changes: Changes) -> None:
        """The key was described, tagged, or named."""
        for topic in (Topic.KEYS, Topic.ALIASES):
            ids = changes.get(topic)
            if ids is not None and (not ids or self.key_id in ids):
                self._show()
                return

    def on_resize(self) -> None:
        """Wrap anew."""
        self._show()

    def _show(self) -> None:
        key = self.store.keys.get(self.key_id or "")
        width = max(10, self.size.width - _LABEL_WIDTH - 5)
        lines: list[Row] = []
        for label, value in () if key is None else self._rows(key):
            text, style = text_and_style(value)
            for number, line in enumerate(wrap(text, width)):
                lines.append(("" if number else label, (line, style)))
        self.entries = {str(number): line for number, line in enumerate(lines)}
        self.table.set_rows(list(self.entries))

    def cells_of(self, line: Row) -> Mapping[str, Part]:
        """The label, where it is the first line of a value, and the value."""
        return {"label": (line[0], "dim"), "value": line[1]}

    def _rows(self, key: Key) -> Iterator[Row]:
        yield from identity_rows(key, self.store)
        if key.problem:
            yield "Problem", (f"{self.symbols.error} {key.problem}", "bad")
        if key.metadata is None:
            if not key.problem:
                yield "State", ("Reading…", "dim")
            return
        yield from metadata_rows(key.metadata)
        if key.metadata.custom_key_store_id:
            yield from self._key_store_rows()
        yield from self._rotation_rows(key)
        yield from self._usage_rows(key)
        if cost := cost_words(key):
            yield "Price a month", cost
        if key.tags_problem:
            yield "Tags", (f"{self.symbols.error} {key.tags_problem}", "bad")

    def _rotation_rows(self, key: Key) -> Iterator[Row]:
        rotation = self._rotation
        if key.metadata is None or never_rotates(key.metadata):
            yield "Rotation", ("this kind of key does not rotate by itself", "dim")
        elif rotation is None:
            yield "Rotation", ("Reading…", "dim")
        elif isinstance(rotation, str):
            yield "Rotation", (f"{self.symbols.error} {rotation}", "bad")
        else:
            every = f", every {rotation.period_days} days" if rotation.period_days else ""
            yield "Rotation", f"on{every}" if rotation.enabled else "off"
            if rotation.next_rotation:
                yield "Next rotation", moment(rotation.next_rotation)
            if rotation.on_demand_started:
                yield "Rotating since", moment(rotation.on_demand_started)
            for material in rotation.materials:
                yield from material_rows(material)
            if rotation.materials_problem:
                words = f"{self.symbols.error} not read: {rotation.materials_problem}"
                yield "Key materials", (words, "bad")

    def _key_store_rows(self) -> Iterator[Row]:
        store = self._key_store
        if store is None:
            yield "Its key store", ("Reading…", "dim")
        elif isinstance(store, str):
            yield "Its key store", (f"{self.symbols.error} {store}", "bad")
        else:
            yield "Its key store", f"{store.name}, {store.state}"
            if error := error_words(store):
                yield "  why it failed", (error, "bad")

    def _usage_rows(self, key: Key) -> Iterator[Row]:
        # The column of the keys may have read it.
        usage = key.facts.last_use if self._usage is None else self._usage
        if usage is None:
            yield "Last use", ("Enter asks KMS", "dim")
        elif isinstance(usage, str):
            yield "Last use", (f"{self.symbols.error} {usage}", "bad")
        elif usage.at is None:
            since = f" since {moment(usage.tracking_since)}" if usage.tracking_since else ""
            yield "Last use", f"no use was recorded{since}"
        else:
            yield "Last use", f"{moment(usage.at)}  {usage.operation}"
            if usage.event_id:
                yield "  its event", usage.event_id
            if usage.request_id:
                yield "  its request", usage.request_id


def material_rows(material: KeyMaterial) -> Iterator[Row]:
    """One key material: what it is for and since when, its ID, and what becomes of it."""
    since = f"rotated {moment(material.rotated)} {material.kind}" if material.rotated else ""
    state = (material.state, since, material.description)
    style = "warn" if material.is_pending else ""
    yield "Key material", (", ".join(filter(None, state)) or "KMS did not tell", style)
    if material.id:
        yield "  its ID", (material.id, "dim")
    if material.import_state == "PENDING_IMPORT":
        yield "  import", ("PENDING_IMPORT: the key waits until it is imported again", "bad")
    elif material.import_state:
        until = f", until {moment(material.valid_to)}" if material.valid_to else ""
        kept = f"{material.expiration_model}{until}" if material.expiration_model else ""
        words = ", ".join(filter(None, (material.import_state, kept)))
        yield "  import", (words, "warn" if material.valid_to else "")


def identity_rows(key: Key, store: Store) -> Iterator[Row]:
    """Who the key is."""
    yield "Key ID", (key.bare_id, "accent")
    yield "ARN", key.arn
    if key.sharer:
        yield "Owner", (f"account {key.sharer}, which shares it through RAM", "warn")
    names = store.aliases_of(key.id)
    yield "Aliases" if len(names) > 1 else "Alias", (", ".join(names) or "none", "accent")


def metadata_rows(metadata: KeyMetadata) -> Iterator[Row]:
    """What DescribeKey says, in the service's words; what does not apply is left out."""
    yield "State", (metadata.state or "KMS did not tell", state_style(metadata.state))
    if metadata.deletion:
        yield "Deletion", (moment(metadata.deletion), "bad")
    if metadata.pending_window_days is not None:
        days = metadata.pending_window_days
        yield "Deletion", (f"{days} days after the last replica is gone", "bad")
    yield "Description", metadata.description or ("none", "dim")
    yield "Spec", metadata.spec
    yield "Usage", metadata.usage
    yield "Origin", metadata.origin
    yield "Manager", metadata.manager
    yield "Created", moment(metadata.created) or ("KMS did not tell", "dim")
    if metadata.expiration_model:
        yield "Material expires", metadata.expiration_model
    if metadata.valid_to:
        yield "Valid to", (moment(metadata.valid_to), "warn")
    if metadata.custom_key_store_id:
        yield "Custom key store", metadata.custom_key_store_id
    if metadata.cloud_hsm_cluster_id:
        yield "CloudHSM cluster", metadata.cloud_hsm_cluster_id
    if metadata.external_key_id:
        yield "External key", metadata.external_key_id
    yield "Multi-Region", metadata.multi_region or "no"
    for number, arn in enumerate(metadata.replicas):
        yield "Primary" if number == 0 else "Replica", arn
