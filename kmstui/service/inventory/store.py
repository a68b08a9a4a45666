"""The state that screens show, kept once and changed on the event loop only."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from kmstui.model import (
    NO_FACTS,
    Alias,
    Caller,
    ConnectionInfo,
    Key,
    Tag,
    bare_name,
    place_in,
    words_for,
)
from kmstui.service.inventory.key_map import KeyMap, slim_alias
from kmstui.service.ports import CallRecord


class Topic(Enum):
    """A slice of the store that a screen can subscribe to."""

    KEYS = "keys"
    """Rows came, went or changed; told with the IDs of those that did."""
    ALIASES = "aliases"
    """Told with the IDs of the keys whose aliases changed."""
    ALIAS_NAMES = "alias names"
    """Told with the names of the aliases that came, went or changed."""
    POLICIES = "policies"
    """Told with the IDs of the keys whose policies were read or forgotten."""
    GRANTS = "grants"
    """Told with the IDs of the keys whose grants were changed or listed here."""
    IDENTITIES = "identities"
    """Told with the ARNs of the roles and users whose IAM policies were changed here."""
    SESSION = "session"
    """Caller, connection or the banner changed."""
    PROGRESS = "progress"
    CALLS = "calls"
    NOTICES = "notices"


Subscriber = Callable[[frozenset[str]], None]
Scheduler = Callable[[float, Callable[[], None]], object]

FLUSH_SECONDS = 0.04
"""Changes within this time are told together: 25 frames a second are plenty over SSH."""

CALLS_KEPT = 2000
CONTEXTS_KEPT = 200
CONTEXT_VALUES_KEPT = 20
NOTICES_KEPT = 500


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One policy of a key as it was read."""

    name: str
    text: str
    read: datetime
    problem: str = ""
    """Why it could not be read, as a sentence; the text is empty then."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the inventory is."""

    listed: int = 0
    listing: bool = False
    """Whether more keys may come: "312 so far…" rather than "312"."""
    described: int = 0
    """Keys that were described or refused."""
    loading: bool = False
    """Whether anything of the inventory is still being read."""
    stopped: bool = False
    """Whether reading ended before everything was read, by a fault or because it was cancelled."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence told to the person, for the messages view."""

    time: datetime
    text: str
    severity: str = "information"
    """`information`, `warning` or `error`."""


class Store:
    """Everything that was read of one connection.

    Attributes are to be read by anybody and changed through the methods alone, which tell
    the subscribers, several changes at a time.
    """

    def __init__(self, schedule: Scheduler) -> None:
        self._schedule = schedule
        self._subscribers: dict[Topic, list[Subscriber]] = {topic: [] for topic in Topic}
        self._dirty: dict[Topic, set[str]] = {}
        self._flush_pending = False
        self.calls: deque[CallRecord] = deque(maxlen=CALLS_KEPT)
        self.notices: deque[Notice] = deque(maxlen=NOTICES_KEPT)
        self._reset()

    def _reset(self) -> None:
        self.keys = KeyMap()
        self.aliases: dict[str, Alias] = {}
        self.aliases_problem = ""
        self._alias_names: dict[str, str | tuple[str, ...]] = {}
        """By the ID of the key they name; most keys have one, which needs no tuple of its own."""
        self.policies: dict[str, tuple[StoredPolicy, ...]] = {}
        self.contexts: dict[str, tuple[str, ...]] = {}
        self.progress = Progress()
        self.caller: Caller | None = None
        self.caller_problem = ""
        self.info: ConnectionInfo | None = None
        self.banner = ""

    # Subscriptions

    def subscribe(self, topic: Topic, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` after changes of `topic`; returns what ends the subscription.

        The subscriber gets the IDs concerned, or an empty set where everything may have changed.
        """
        self._subscribers[topic].append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers[topic]:
                self._subscribers[topic].remove(subscriber)

        return unsubscribe

    def _touch(self, topic: Topic, ids: Iterable[str] | None = None) -> None:
        if ids is None:
            self._dirty[topic] = set()
        elif topic not in self._dirty:
            self._dirty[topic] = set(ids)
        elif self._dirty[topic]:
            self._dirty[topic].update(ids)
        if not self._flush_pending:
            self._flush_pending = True
            self._schedule(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Tell the subscribers what changed since the last time."""
        self._flush_pending = False
        dirty, self._dirty = self._dirty, {}
        for topic, ids in dirty.items():
            told = frozenset(ids)
            for subscriber in tuple(self._subscribers[topic]):
                subscriber(told)

    # Connection

    def clear(self) -> None:
        """Forget everything of the connection at once, and tell so at once.

        After a switch of profile or Region nothing of the old one may stay in sight. Calls and
        notices are the person's log and stay.
        """
        self._reset()
        for topic in Topic:
            self._touch(topic)
        self.flush()

    def connected(self, info: ConnectionInfo) -> None:
        """Keep what the connection in use is."""
        self.info = info
        self._touch(Topic.SESSION)

    def identified(self, caller: Caller | None, problem: str = "") -> None:
        """Keep who is asking, or why that is not known."""
        self.caller, self.caller_problem = caller, problem
        self._touch(Topic.SESSION)

    def session_changed(self) -> None:
        """One of several connections was made, or it became known who asks over it."""
        self._touch(Topic.SESSION)

    def set_banner(self, text: str) -> None:
        """Keep the sentence that stands above the panes while nothing works; "" takes it away."""
        if text != self.banner:
            self.banner = text
            self._touch(Topic.SESSION)

    # Keys

    def add_keys(self, keys: Iterable[Key]) -> None:
        """Add listed keys; what is already known of a key is kept."""
        added = []
        for key in keys:
            known = self.keys.get(key.id) if key.id in self.keys else None
            if known is None:
                self.keys.put(key)
                added.append(key.id)
            elif known.shared and not key.shared:
                # Its own account, which is open too, may do more with it than the one it is
                # shared with.
                self.keys.put(replace(known, shared=False, tags_problem=""))
                added.append(key.id)
        if added:
            self._touch(Topic.KEYS, added)

    def put_key(self, key: Key) -> None:
        """Replace a key's row, or add it."""
        self.keys.put(key)
        self._touch(Topic.KEYS, (key.id,))

    def remove_keys(self, ids: Iterable[str]) -> None:
        """Forget keys that are listed no more."""
        gone = [key_id for key_id in ids if self.keys.discard(key_id)]
        for key_id in gone:
            self.policies.pop(key_id, None)
        if gone:
            self._touch(Topic.KEYS, gone)

    def set_tags(self, tags: Mapping[str, tuple[Tag, ...]]) -> None:
        """Keep tags by key ID; keys not listed yet are skipped."""
        changed = []
        for key_id, each in tags.items():
            key = self.keys.get(key_id)
            if key is not None and (key.tags != each or key.tags_problem):
                self.keys.put(replace(key, tags=each, tags_problem=""))
                changed.append(key_id)
        if changed:
            self._touch(Topic.KEYS, changed)

    def know(self, key_id: str, **facts: object) -> None:
        """Keep facts of a key, by the names of `KeyFacts`; a key not listed is skipped."""
        key = self.keys.get(key_id)
        if key is not None:
            self.put_key(replace(key, facts=replace(key.facts, **facts)))  # type: ignore[arg-type]

    def forget_facts(self) -> None:
        """A refresh was asked for: facts are read again where they are wanted."""
        self.aliases_problem = ""
        known = self.keys.with_facts()
        for key_id in known:
            self.keys.put(replace(self.keys[key_id], facts=NO_FACTS))
        if known:
            self._touch(Topic.KEYS, known)

    # Aliases

    def add_aliases(self, aliases: Iterable[Alias]) -> None:
        """Add or replace aliases."""
        touched: set[str] = set()
        changed: list[str] = []
        for alias in aliases:
            old = self.aliases.get(alias.name)
            if old == alias:
                continue
            changed.append(alias.name)
            touched.add(alias.key_id)
            if old is not None and old.key_id != alias.key_id:
                touched.add(old.key_id)
                self._unlink(old)
            if old is None or old.key_id != alias.key_id:
                self._link(alias)
            self.aliases[alias.name] = slim_alias(alias, self.keys.get(alias.key_id))
        self._touch_aliases(changed, touched)

    def aliases_refused(self, sentence: str) -> None:
        """Not all aliases could be listed, for this reason: a key may have one unseen."""
        self.aliases_problem = sentence

    def remove_aliases(self, names: Iterable[str]) -> None:
        """Forget aliases that exist no more."""
        gone = [alias for name in names if (alias := self.aliases.pop(name, None)) is not None]
        for alias in gone:
            self._unlink(alias)
        self._touch_aliases([alias.name for alias in gone], {alias.key_id for alias in gone})

    def _link(self, alias: Alias) -> None:
        if alias.key_id:
            names = self.alias_ids_of(alias.key_id)
            self._alias_names[alias.key_id] = (*names, alias.name) if names else alias.name

    def _unlink(self, alias: Alias) -> None:
        left = tuple(name for name in self.alias_ids_of(alias.key_id) if name != alias.name)
        if left:
            self._alias_names[alias.key_id] = left
        else:
            self._alias_names.pop(alias.key_id, None)

    def _touch_aliases(self, names: Sequence[str], key_ids: set[str]) -> None:
        key_ids.discard("")  # an AWS alias that names no key yet
        if names:
            self._touch(Topic.ALIAS_NAMES, names)
        if key_ids:
            self._touch(Topic.ALIASES, key_ids)

    def alias_ids_of(self, key_id: str) -> tuple[str, ...]:
        """What the aliases of a key go by, in the order listed (which is by name)."""
        names = self._alias_names.get(key_id, ())
        return (names,) if isinstance(names, str) else names

    def aliases_of(self, key_id: str) -> tuple[str, ...]:
        """Alias names of a key with their prefix, in the order listed (which is by name)."""
        return tuple(map(bare_name, self.alias_ids_of(key_id)))

    def name_of(self, key_id: str) -> str:
        """The key as a sentence names it: its ID and, in brackets, its first alias."""
        return words_for(key_id, next(iter(self.aliases_of(key_id)), ""))

    def short_name(self, key_id: str) -> str:
        """Its first alias; its ID where it has none, without what an ARN says besides."""
        return next(iter(self.aliases_of(key_id)), bare_name(key_id))

    def bare_name(self, key_id: str) -> str:
        """Its first alias without the prefix; its ID where it has none."""
        return self.short_name(key_id).removeprefix("alias/")

    def row_name(self, key_id: str) -> str:
        """That, with account and Region where several are open: names repeat in each."""
        place = place_in(key_id)
        return f"{self.bare_name(key_id)} ({place})" if place else self.bare_name(key_id)

    # Policies

    def set_policies(self, key_id: str, policies: tuple[StoredPolicy, ...]) -> None:
        """Keep the policies of a key as they were read."""
        self.policies[key_id] = policies
        self._touch(Topic.POLICIES, (key_id,))

    def default_policy(self, key_id: str) -> StoredPolicy | None:
        """The policy that every key has, or why it cannot be read; None before it was read."""
        policies = self.policies.get(key_id, ())
        return next((each for each in policies if each.name == "default"), None)

    def forget_policies(self) -> None:
        """A refresh was asked for: read policies again when a key is looked at."""
        self.policies.clear()
        self._touch(Topic.POLICIES)

    # Encryption contexts

    def see_contexts(self, contexts: Iterable[Iterable[tuple[str, str]]]) -> None:
        """Keep names and values of encryption contexts that events and grants showed.

        They are proposals for an editor, so a bounded number of each is enough.
        """
        for pairs in contexts:
            for name, value in pairs:
                known = self.contexts.get(name)
                if known is None and len(self.contexts) >= CONTEXTS_KEPT:
                    continue
                known = known or ()
                if value not in known and len(known) < CONTEXT_VALUES_KEPT:
                    self.contexts[name] = (*known, value)

    def grants_changed(self, key_id: str) -> None:
        """A grant of the key was revoked, or they were listed: what was read before is old."""
        self._touch(Topic.GRANTS, (key_id,))

    def identity_changed(self, arn: str) -> None:
        """IAM policies of a role or user were changed here: what was read of them is old."""
        self._touch(Topic.IDENTITIES, (arn,))

    # Log and progress

    def set_progress(self, progress: Progress) -> None:
        """Keep how far the inventory is."""
        if progress != self.progress:
            self.progress = progress
            self._touch(Topic.PROGRESS)

    def record_call(self, record: CallRecord) -> None:
        """Add a finished call to the log."""
        self.calls.append(record)
        self._touch(Topic.CALLS)

    def notify(self, notice: Notice) -> None:
        """Add a sentence to the log."""
        self.notices.append(notice)
        self._touch(Topic.NOTICES)
