"""What is known of access to one key, worked out off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kmstui.model import Key
from kmstui.policy.access import AccessGroup, AccessTable, KeyFacts, Mark, Row, access_table
from kmstui.policy.evaluation import as_policy
from kmstui.policy.iam import Principal
from kmstui.service.access import AccessReading, is_caller, role_of, without_problem
from kmstui.service.inventory import StoredPolicy
from kmstui.service.session import Session
from kmstui.ui.access.question import (
    ME,
    OTHERS,
    ROOT,
    About,
    Vocabulary,
    condition_keys_in,
    question_line,
)

DEFAULT_POLICY = "default"


def default_policy(policies: Sequence[StoredPolicy] | None) -> StoredPolicy | None:
    """The policy that a key always has, where the policies were read."""
    return next((each for each in policies or () if each.name == DEFAULT_POLICY), None)


def key_facts(key: Key) -> KeyFacts:
    """What decides which actions a key takes."""
    metadata = key.metadata
    return KeyFacts(key.arn, metadata.usage if metadata else "", metadata.spec if metadata else "")


def row_id(row: Row) -> str:
    """Tells rows apart whatever their order."""
    principal = row.principal
    return f"{principal.kind.value}|{principal.name}|{principal.label}"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The access table of one key, and what it was made from."""

    key: Key
    text: str
    """The key policy as it is shown, so that places in it are places on the screen."""
    reading: AccessReading | None
    """None before anything besides the key policy was read."""
    table: AccessTable
    caller: str
    others: tuple[str, ...]
    """Policies of the key besides the default one, which the table does not rest on."""

    @classmethod
    async def of(
        cls, session: Session, key: Key, text: str, reading: AccessReading | None
    ) -> Inquiry:
        """Work the table out in a thread."""
        identities = () if reading is None else tuple(map(without_problem, reading.identities))
        grants = None if reading is None else reading.grants
        facts = key_facts(key)
        table = await asyncio.to_thread(
            access_table, text, facts, grants=grants, identities=identities
        )
        caller = session.store.caller
        policies = session.store.policies.get(key.id, ())
        others = tuple(each.name for each in policies if each.name != DEFAULT_POLICY)
        return cls(key, text, reading, table, caller.arn if caller else "", others)

    def takes(self, group: AccessGroup) -> bool:
        """Whether the key takes any action of the group."""
        return any(row.cell(group).mark is not Mark.IMPOSSIBLE for row in self.table.rows)

    def ordered(self, session: Session) -> tuple[Row, ...]:
        """Who asks first, then who has access, then who has none; else as the policy names them."""
        rows = sorted(
            self.table.rows,
            key=lambda row: (not self.is_me(session, row.principal), not row.has_access),
        )
        return tuple(rows)

    @staticmethod
    def is_me(session: Session, principal: Principal) -> bool:
        """Whether this is who asks."""
        arn = role_of(principal)
        return bool(arn) and not principal.label and is_caller(arn, session.store.caller)

    def left_out(self, words: Sequence[str]) -> tuple[str, ...]:
        """What an answer does not rest on, further policies of the key included."""
        return (*words, *(f"the key's policy {name}" for name in self.others))

    def about(self, session: Session) -> About:
        """What questions about the key need."""
        grants = None if self.reading is None else self.reading.grants
        return About(self.key.arn, self.caller, self.text, grants, session.clock())

    def vocabulary(self, session: Session) -> Vocabulary:
        """What questions about the key are likely to say."""
        identities = () if self.reading is None else self.reading.identities
        texts = [self.text, *(each.text for identity in identities for each in identity.policies)]
        names = [
            question_line(row.principal, "").split()[0].removeprefix("principal=")
            for row in self.table.rows
            if not row.principal.label
        ]
        keys = condition_keys_in(as_policy(text) for text in texts)
        return Vocabulary((ME, *names, ROOT, OTHERS), tuple(keys.items()))
