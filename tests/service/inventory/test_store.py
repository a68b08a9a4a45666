from collections.abc import Callable
from functools import partial

from kmstui.model import Alias, Key, Tag
from kmstui.service.inventory.store import Store, StoredPolicy, Topic
from tests.fakes import CALLER, INFO, NOW, arn_of, key_id_of

ONE, TWO = key_id_of(1), key_id_of(2)


class Told:
    """What the subscribers of a store heard."""

    def __init__(self):
        self.scheduled: list[Callable[[], object]] = []
        self.store = Store(lambda seconds, callback: self.scheduled.append(callback))
        self.heard: list[tuple[Topic, frozenset[str]]] = []
        for topic in Topic:
            self.store.subscribe(topic, partial(self._hear, topic))

    def _hear(self, topic: Topic, ids: frozenset[str]) -> None:
        self.heard.append((topic, ids))

    def flush(self):
        self.heard.clear()
        while self.scheduled:
            self.scheduled.pop()()
        return dict(self.heard)


def a_key(key_id):
    return Key.of(key_id, arn_of(key_id))


def an_alias(name, key_id=ONE):
    return Alias(f"alias/{name}", key_id)


def test_changes_are_told_together_and_once():
    told = Told()
    told.store.add_keys([a_key(ONE)])
    told.store.add_keys([a_key(TWO)])
    assert len(told.scheduled) == 1
    assert told.flush() == {Topic.KEYS: frozenset({ONE, TWO})}
    assert told.flush() == {}


def test_a_subscription_can_end_while_it_is_told():
    told = Told()
    ends: list[Callable[[], None]] = []
    ends.append(told.store.subscribe(Topic.KEYS, lambda ids: ends[0]()))
    told.store.add_keys([a_key(ONE)])
    told.flush()
    told.store.add_keys([a_key(TWO)])
    assert told.flush() == {Topic.KEYS: frozenset({TWO})}


def test_what_is_known_of_a_key_survives_being_listed_again():
    told = Told()
    known = Key.of(ONE, arn_of(ONE), problem="denied")
    told.store.put_key(known)
    told.flush()
    told.store.add_keys([a_key(ONE)])
    assert told.store.keys[ONE] == known
    assert told.flush() == {}


def test_aliases_follow_their_key():
    told = Told()
    told.store.add_keys([a_key(ONE), a_key(TWO)])
    told.store.add_aliases([an_alias("a"), an_alias("b"), an_alias("aws/ebs", "")])
    told.flush()
    assert told.store.aliases_of(ONE) == ("alias/a", "alias/b")
    assert told.store.name_of(ONE) == f"{ONE} (alias/a)"
    told.store.add_aliases([an_alias("a", TWO)])
    assert told.store.aliases_of(ONE) == ("alias/b",)
    assert told.store.aliases_of(TWO) == ("alias/a",)
    changes = told.flush()
    assert changes[Topic.ALIASES] == frozenset({ONE, TWO})
    assert changes[Topic.ALIAS_NAMES] == frozenset({"alias/a"})
    told.store.remove_aliases(["alias/a", "alias/nobody"])
    assert told.store.aliases_of(TWO) == ()
    assert told.store.name_of(TWO) == TWO
    assert told.flush()[Topic.ALIASES] == frozenset({TWO})


def test_an_aws_alias_without_a_key_touches_no_key():
    told = Told()
    told.store.add_aliases([an_alias("aws/ebs", "")])
    assert told.flush() == {Topic.ALIAS_NAMES: frozenset({"alias/aws/ebs"})}


def test_tags_of_keys_that_are_not_listed_are_skipped():
    told = Told()
    told.store.add_keys([a_key(ONE)])
    told.store.set_tags({ONE: (Tag("a", "b"),), TWO: (Tag("c", "d"),)})
    assert told.store.keys[ONE].tags == (Tag("a", "b"),)
    assert TWO not in told.store.keys
    told.flush()
    told.store.set_tags({ONE: (Tag("a", "b"),)})
    assert told.flush() == {}


def test_a_removed_key_takes_its_policies_along():
    told = Told()
    told.store.add_keys([a_key(ONE)])
    told.store.set_policies(ONE, (StoredPolicy("default", "{}", NOW),))
    told.store.remove_keys([ONE])
    assert told.store.policies == {}
    assert told.flush()[Topic.KEYS] == frozenset({ONE})


def test_nothing_of_the_old_connection_is_left_after_clear_and_it_is_told_at_once():
    told = Told()
    told.store.add_keys([a_key(ONE)])
    told.store.add_aliases([an_alias("a")])
    told.store.connected(INFO)
    told.store.identified(CALLER)
    told.store.set_banner("gone wrong")
    told.flush()
    told.heard.clear()
    told.store.clear()
    assert {topic for topic, ids in told.heard if ids == frozenset()} == set(Topic)
    store = told.store
    assert not store.keys
    assert not store.aliases
    assert not store.policies
    assert (store.info, store.caller, store.banner) == (None, None, "")
    assert store.aliases_of(ONE) == ()
