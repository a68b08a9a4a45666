"""What of a key can be made as it is of another: shown and reviewed first, as any change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kmstui.model import Arn, TagDelta, visible
from kmstui.service.keys import (
    KeyPicture,
    Lifecycle,
    PolicyDifference,
    policy_like,
    tags_like,
)
from kmstui.service.session import Session
from kmstui.ui.commands import Context
from kmstui.ui.editing import edit_key
from kmstui.ui.keys import Proposal, propose
from kmstui.ui.policy import pretty
from kmstui.ui.tags import TagController

_POLICY, _TAGS, _DESCRIPTION = "policy", "tags", "description"


@dataclass(frozen=True, slots=True)
class Alignment:
    """One thing of one key that shall be as it is of another."""

    what: str
    model: KeyPicture
    other: KeyPicture

    @property
    def id(self) -> str:
        """Names it in a menu."""
        return f"{self.what} {self.model.key_id} {self.model.name} {self.other.name}"

    @property
    def words(self) -> str:
        """What it is, for a menu."""
        those = "those" if self.what == _TAGS else "that"
        return f"{self.what.capitalize()} of {self.other.name}, as {those} of {self.model.name}"

    @property
    def off(self) -> str:
        """Why it cannot be done, as a sentence, or ""."""
        session = self.other.session
        key = session.store.keys.get(self.other.key_id) if session else None
        if key is None:
            return "There is no connection to its Region."
        return f"The key {key.fixed}: nobody else can change it." if key.fixed else ""

    def show(self, context: Context, changed: Callable[[], object]) -> None:
        """Show what it changes; nothing is sent before that is confirmed."""
        session = self.other.session
        if session is None:
            return
        if self.what == _POLICY:
            text = pretty(policy_like(self.model, self.other))
            edit_key(context, self.other.key_id, session=session, begin_with=text)
        elif self.what == _TAGS:
            title = f"Tags of {self.other.name} as those of {self.model.name}"
            delta = tags_like(self.model, self.other)
            context.app.part(TagController).change_beside(session, self.other.key_id, title, delta)
        else:
            propose(context, self._description(session, changed))

    def _description(self, session: Session, changed: Callable[[], object]) -> Proposal:
        key_id, name = self.other.key_id, session.store.name_of(self.other.key_id)
        old, new = (_description(each) for each in (self.other, self.model))
        arn = Arn.maybe(self.other.arn)
        region = arn.region if arn else ""
        place = "" if region in name else f" in {region}"

        async def send(_: str) -> str:
            try:
                return await Lifecycle(session).set_description(key_id, new)
            finally:
                changed()

        return Proposal(
            title=f"Change the description of {name}{place}?",
            words=f"Now: {visible(old) or 'none'}\nThen: {visible(new) or 'none'}",
            yes="Change",
            doing=f"Changing the description of {name}",
            send=send,
            command=lambda _: (
                "update-key-description", "--key-id", self.other.arn, "--description", new
            ),
            subject=key_id,
            region=region,
        )  # fmt: skip


def alignments(
    pictures: Sequence[KeyPicture], policies: Sequence[PolicyDifference] | None
) -> Iterator[Alignment]:
    """What differs between the first key and each other, both ways round."""
    for each in policies or ():
        if not each.same_meaning:
            yield Alignment(_POLICY, each.first, each.other)
            yield Alignment(_POLICY, each.other, each.first)
    read = [each for each in pictures if each.facts]
    for other in read[1:]:
        for model, changed in ((read[0], other), (other, read[0])):
            if tags_like(model, changed) != TagDelta():
                yield Alignment(_TAGS, model, changed)
            if _description(model) != _description(changed):
                yield Alignment(_DESCRIPTION, model, changed)


def _description(picture: KeyPicture) -> str:
    session = picture.session
    key = session.store.keys.get(picture.key_id) if session else None
    return key.metadata.description if key and key.metadata else ""
