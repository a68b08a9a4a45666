"""What commands read of a live account, where not all of it can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from kmstui.model import Alias, Key
from kmstui.scripting.live_source import LiveSource
from kmstui.service.errors import IncompleteListError
from kmstui.service.ports import Target
from tests.fakes import IMPORTED, FakeConnector, FakeGateway


class _Incomplete(FakeGateway):
    """Lists the imported key alone, and says that there are others; aliases likewise."""

    async def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        async for page in super().key_pages():
            yield [key for key in page if key.id == IMPORTED]
        raise IncompleteListError("an item cannot be read")

    async def alias_pages(self, key_id: str | None = None) -> AsyncIterator[Sequence[Alias]]:
        async for page in super().alias_pages(key_id):
            yield page
        raise IncompleteListError("an alias cannot be read")


def test_of_a_list_that_lacks_items_the_rest_is_looked_at_and_what_is_missing_told() -> None:
    source = LiveSource(lambda: FakeConnector(_Incomplete()), Target())
    read, missing = source.policies(Target(), lambda done, of: None)
    assert read.label == "alias/ImportedCMK"
    assert read.text
    assert (missing.label, missing.text) == ("the list of keys", "")
    assert "an item cannot be read" in missing.error
