"""Filters by time, by amount and by what is missing; and what nobody can say is said to be so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kmstui.model import Fact, GrantsRead, Key, KeyFacts, LastUsage, Rotation, Tag
from kmstui.service.inventory import FilterError, can_be_asked, parse_filter, why_undecided
from tests.fakes import arn_of, key_id_of, metadata_of

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def ago(days):
    return NOW - timedelta(days=days)


def a_key(*, facts=None, tags=(), **metadata):
    made = {"created": ago(800), **metadata}
    key_id = key_id_of(1)
    return Key.of(key_id, arn_of(key_id), metadata_of(**made), tags=tags, facts=facts or KeyFacts())


def judged(text, key, aliases=("alias/a",)):
    return parse_filter(text, NOW).judge(key, aliases)


def used(days):
    return KeyFacts(last_use=LastUsage(ago(days), "Decrypt", ago(300)))


def never(tracked):
    return KeyFacts(last_use=LastUsage(None, tracking_since=ago(tracked)))


@pytest.mark.parametrize(
    ("text", "facts", "age", "verdict"),
    [
        ("unused:90d", used(91), 800, True),
        ("unused:90d", used(89), 800, False),
        ("unused:12w", used(85), 800, True),
        ("unused:3m", used(89), 800, False),
        ("unused:1y", used(366), 800, True),
        ("unused:90", used(91), 800, True),
        ("used:7d", used(6), 800, True),
        ("used:7d", used(8), 800, False),
        ("unused:<7d", used(6), 800, True),
        ("used:>7d", used(8), 800, True),
        ("-unused:90d", used(91), 800, False),
        # Never used, and tracked for longer than that.
        ("unused:90d", never(300), 800, True),
        ("used:90d", never(300), 800, False),
        # Tracked for less: it may have been used before.
        ("unused:90d", never(60), 800, None),
        ("-unused:90d", never(60), 800, None),
        ("used:90d", never(60), 800, None),
        ("used:30d", never(60), 800, False),
        # Tracked all its life, which is shorter than that.
        ("unused:90d", never(40), 40, False),
        ("used:90d", never(40), 40, False),
        ("unused:30d", never(40), 40, True),
        # Ever.
        ("unused:", never(60), 800, True),
        ("used:", used(500), 800, True),
        ("no:use", used(500), 800, False),
        ("no:use", never(60), 800, True),
        # Not read, or refused.
        ("unused:90d", KeyFacts(), 800, None),
        ("used:90d", KeyFacts(last_use="AccessDenied on kms:GetKeyLastUsage."), 800, None),
    ],
)
def test_last_use(text, facts, age, verdict):
    assert judged(text, a_key(facts=facts, created=ago(age))) is verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("age:>2y", True),
        ("age:2y", True),
        ("age:>3y", False),
        ("age:<3y", True),
        ("age:<1y", False),
        ("expires:30d", True),
        ("expires:1w", False),
        ("expires:>1w", True),
        ("expires:", True),
        ("deletes:30d", False),
        ("deletes:", False),
        ("-deletes:", True),
        ("replicas:0", True),
        ("replicas:>0", False),
        ("no:alias", False),
        ("no:description", True),
        ("no:tag", False),
        ("no:tag:owner", True),
        ("no:tag:env", False),
        ("no:a", False),
        ("no:", True),
        ("age:>", True),
        ("cost:", True),
    ],
)
def test_dates_amounts_and_what_is_missing(text, verdict):
    key = a_key(valid_to=NOW + timedelta(days=9), tags=(Tag("Env", "prod"),))
    assert judged(text, key) is verdict


@pytest.mark.parametrize("text", ["expires:30d", "age:1y", "no:description", "state:x", "-state:x"])
def test_of_a_key_that_is_not_described_nobody_can_say(text):
    bare = replace(a_key(), metadata=None)
    assert judged(text, bare) is None


def test_of_a_key_whose_tags_are_not_read_nobody_can_say_what_is_missing():
    assert judged("no:tag:owner", a_key(tags=None)) is None
    assert judged("-tag:owner", a_key(tags=None)) is None


def test_what_another_word_rules_out_is_not_unknown():
    assert judged("unused:90d other", a_key()) is False
    assert judged("unused:90d alias", a_key()) is None


ON, OFF = (
    KeyFacts(rotation=Rotation(on, next_rotation=NOW + timedelta(days=20) if on else None))
    for on in (True, False)
)


@pytest.mark.parametrize(
    ("text", "facts", "metadata", "verdict"),
    [
        ("rotation:on", ON, {}, True),
        ("rotation:off", OFF, {}, True),
        ("no:rotation", OFF, {}, True),
        ("rotation:off", ON, {}, False),
        ("rotation:off", KeyFacts(), {}, None),
        ("-rotation:on", KeyFacts(), {}, None),
        # No false alarm about keys that cannot rotate.
        ("rotation:off", KeyFacts(), {"spec": "RSA_2048"}, False),
        ("rotation:never", KeyFacts(), {"spec": "HMAC_256"}, True),
        ("rotation:never", KeyFacts(), {"origin": "EXTERNAL"}, True),
        ("rotation:never", KeyFacts(), {"custom_key_store_id": "cks-1"}, True),
        ("rotation:on", KeyFacts(), {"manager": "AWS"}, True),
        ("rotation:stopped", KeyFacts(), {"state": "PendingDeletion"}, True),
        ("rotates:30d", ON, {}, True),
        ("rotates:10d", ON, {}, False),
        ("rotates:", OFF, {}, False),
    ],
)
def test_rotation(text, facts, metadata, verdict):
    assert judged(text, a_key(facts=facts, **metadata)) is verdict


@pytest.mark.parametrize(
    ("rotations", "metadata", "dollars"),
    [
        (0, {}, 1),
        (1, {}, 2),
        (2, {}, 3),
        (9, {}, 3),
        (None, {"spec": "RSA_2048"}, 1),
        (None, {"custom_key_store_id": "cks-1", "origin": "AWS_CLOUDHSM"}, 1),
        (None, {"state": "PendingDeletion"}, 0),
        (None, {"manager": "AWS"}, 0),
    ],
)
def test_cost(rotations, metadata, dollars):
    key = a_key(facts=KeyFacts(rotations=rotations), **metadata)
    assert judged(f"cost:{dollars}", key) is True
    assert judged(f"cost:>{dollars}", key) is False


def test_amounts_that_are_not_read():
    assert judged("grants:>0", a_key()) is None
    assert judged("cost:1", a_key()) is None
    assert judged("no:grants", a_key(facts=KeyFacts(grants=GrantsRead(0)))) is True


@pytest.mark.parametrize("text", ["unused:soon", "age:>x", "grants:many", "no:money", "expires:9q"])
def test_what_says_nothing_is_told_in_a_sentence(text):
    with pytest.raises(FilterError, match="Nothing is filtered until it is"):
        parse_filter(text, NOW)


def test_the_same_words_a_few_seconds_later_are_the_same_filter():
    later = NOW + timedelta(seconds=20)
    assert parse_filter("unused:90d", NOW) == parse_filter("unused:90d", later)


def test_a_filter_says_what_has_to_be_read():
    facts = parse_filter("unused:90d rotation:off -grants:0 prod").facts
    assert facts == {Fact.LAST_USE, Fact.ROTATION, Fact.GRANTS}


@pytest.mark.parametrize(
    ("fact", "metadata", "asked"),
    [
        (Fact.LAST_USE, {}, True),
        (Fact.ROTATION, {}, True),
        (Fact.ROTATION, {"spec": "RSA_2048"}, False),
        (Fact.ROTATION, {"manager": "AWS"}, False),
        (Fact.ROTATIONS, {"origin": "EXTERNAL"}, True),
        (Fact.ROTATIONS, {"state": "PendingDeletion"}, False),
    ],
)
def test_kms_is_asked_only_what_nothing_else_tells(fact, metadata, asked):
    assert can_be_asked(a_key(**metadata), fact) is asked


def test_the_reason_why_nobody_can_say():
    wanted = parse_filter("unused:90d", NOW)
    refused = a_key(facts=KeyFacts(last_use="AccessDenied on kms:GetKeyLastUsage."))
    assert why_undecided(wanted, refused) == "AccessDenied on kms:GetKeyLastUsage."
    assert "2025-12-31, when it began" in why_undecided(wanted, a_key(facts=never(60)))
    assert "not read" in why_undecided(wanted, a_key())
