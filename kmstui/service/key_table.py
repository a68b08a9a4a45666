"""The keys of an account in little memory: what many keys have in common is kept once.

As objects of their own, 100,000 described keys take 70 MB. Here a key is a place in a few arrays,
about 80 bytes beside its ID, and becomes a `Key` when it is asked for, which takes 4 µs.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from kmstui.model.key import Key, KeyMetadata
from kmstui.model.tag import Tag
from kmstui.service.moments import from_microseconds, to_microseconds
from kmstui.service.sharing import Pool

Tags = tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """All of a key that other keys say too."""

    arn: str
    """Up to the ID that ends it, or the whole where it ends otherwise."""
    arn_ends_in_id: bool
    metadata: KeyMetadata | None
    """Without description and creation date."""
    problem: str
    tags_problem: str
    rotation: bool | None


class KeyTable(Mapping[str, Key]):
    """Keys by ID, in the order they were added; each `Key` is made when it is asked for."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        self._kinds: list[_Kind] = []
        self._kind_numbers: dict[_Kind, int] = {}
        self._ids: list[str] = []
        self._kind_of = array("I")
        self._created = array("q")
        """Microseconds since 1970."""
        self._texts: list[str] = []
        """The description, or the problem of a key that was never described."""
        self._tags: list[Tags | str] = []
        """The tags, or why they could not be read; an empty text where they were not yet."""
        self._shared_texts = Pool[str]()
        self._shared_tags = Pool[Tags]()
        self._shared_tag = Pool[Tag]()

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._numbers

    def __getitem__(self, key_id: str) -> Key:
        number = self._numbers[key_id]
        kind = self._kinds[self._kind_of[number]]
        text, tags = self._texts[number], self._tags[number]
        common = kind.metadata
        return Key(
            self._ids[number],
            kind.arn + key_id if kind.arn_ends_in_id else kind.arn,
            None if common is None else _one_of(common, text, self._created[number]),
            text if common is None else kind.problem,
            None if isinstance(tags, str) else tags,
            tags if isinstance(tags, str) else kind.tags_problem,
            kind.rotation,
        )

    def number_of(self, key_id: str) -> int | None:
        """A small number that is this key's alone while it is in the table, or None."""
        return self._numbers.get(key_id)

    def own_id(self, key_id: str) -> str | None:
        """The table's own copy of an ID, for whoever wants to keep it too."""
        number = self._numbers.get(key_id)
        return None if number is None else self._ids[number]

    def put(self, key: Key) -> None:
        """Add a key, or replace the one with its ID."""
        number = self._numbers.get(key.id)
        if number is None:
            number = self._new_number(key.id)
        metadata = key.metadata
        ends = key.arn.endswith(key.id)
        kind = _Kind(
            key.arn[: len(key.arn) - len(key.id)] if ends else key.arn,
            ends,
            None if metadata is None else _one_of(metadata, "", 0),
            "" if metadata is None else key.problem,
            "" if key.tags is None else key.tags_problem,
            key.rotation,
        )
        self._kind_of[number] = self._kind_number(kind)
        if metadata is None:
            self._texts[number] = self._shared_texts.share(key.problem)
        else:
            self._texts[number] = self._shared_texts.share(metadata.description)
            self._created[number] = to_microseconds(metadata.created)
        if key.tags is None:
            self._tags[number] = self._shared_texts.share(key.tags_problem)
        else:
            self._tags[number] = self._share_tags(key.tags)

    def set_tags(self, key_id: str, tags: Tags) -> bool:
        """Give a key these tags; answers whether that changes anything."""
        number = self._numbers[key_id]
        reason = self._kinds[self._kind_of[number]].tags_problem
        if self._tags[number] == tags and not reason:
            return False
        if reason:
            self.put(replace(self[key_id], tags_problem=""))
        self._tags[number] = self._share_tags(tags)
        return True

    def discard(self, key_id: str) -> bool:
        """Forget a key; answers whether it was there."""
        number = self._numbers.pop(key_id, None)
        if number is None:
            return False
        self._ids[number] = self._texts[number] = self._tags[number] = ""
        self._free.append(number)
        return True

    def _new_number(self, key_id: str) -> int:
        if self._free:
            number = self._free.pop()
            self._ids[number] = key_id
        else:
            number = len(self._ids)
            self._ids.append(key_id)
            self._kind_of.append(0)
            self._created.append(0)
            self._texts.append("")
            self._tags.append("")
        self._numbers[key_id] = number
        return number

    def _kind_number(self, kind: _Kind) -> int:
        number = self._kind_numbers.get(kind)
        if number is None:
            number = self._kind_numbers[kind] = len(self._kinds)
            self._kinds.append(kind)
        return number

    def _share_tags(self, tags: Tags) -> Tags:
        known = self._shared_tags.known(tags)
        if known is not None:
            return known
        return self._shared_tags.add(tuple([self._share_tag(tag) for tag in tags]))

    def _share_tag(self, tag: Tag) -> Tag:
        known = self._shared_tag.known(tag)
        if known is not None:
            return known
        return self._shared_tag.add(Tag(self._shared_texts.share(tag.key), tag.value))


def _one_of(common: KeyMetadata, description: str, created: int) -> KeyMetadata:
    """As `common`, with these two; in a quarter of the time that `replace` takes."""
    return KeyMetadata(
        common.state,
        common.spec,
        common.usage,
        common.origin,
        common.manager,
        description,
        from_microseconds(created),
        common.multi_region,
        common.deletion,
        common.pending_window_days,
        common.valid_to,
        common.expiration_model,
        common.custom_key_store_id,
        common.replicas,
    )
