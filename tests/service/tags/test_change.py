"""Before anything is sent a person learns what would happen to each key, and why not."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model import Identity, IdentityPolicy, Tag, TagDelta
from kmstui.service.access import AccessReader
from kmstui.service.errors import AccessDeniedError, ErrorContext
from kmstui.service.tags import TagDecisions
from kmstui.service.tags.change import TagChange, change_to, shows, undo_of
from tests.fakes import DYING, IMPORTED, MANAGED, NAMELESS, SIGNING, metadata_of

ROLE = "arn:aws:iam::111122223333:role/app"
PROD = TagDelta(put=(Tag("env", "prod"), Tag("owner", "me")))


async def test_what_is_added_and_changed_and_what_is_so_already(bench):
    change, other = await bench.tagging.plan([IMPORTED, NAMELESS], PROD)
    assert change.changed == ("env",)
    assert change.added == ("owner",)
    assert dict(change.before) == {"env": "dev", "owner": None}
    assert other.added == ("env", "owner")
    (same,) = await bench.tagging.plan([IMPORTED], TagDelta(put=(Tag("env", "dev"),)))
    assert same.is_empty
    assert not same.will_be_sent


async def test_the_plan_goes_by_what_kms_has_now_not_by_what_was_read_before(bench):
    bench.gateway.world.tags[IMPORTED] = (Tag("env", "test"),)
    (change,) = await bench.tagging.plan([IMPORTED], PROD)
    assert dict(change.before) == {"env": "test", "owner": None}
    assert bench.store.keys[IMPORTED].tags == (Tag("env", "test"),)


async def test_removing_what_is_not_there_is_no_change(bench):
    (change,) = await bench.tagging.plan([IMPORTED], TagDelta(remove=("env", "nothing")))
    assert change.after == (("env", None),)
    assert change.remove == ("env",)


async def test_put_wins_over_remove_of_the_same_tag(bench):
    (change,) = await bench.tagging.plan(
        [NAMELESS], TagDelta(put=(Tag("a", "1"),), remove=("a",))
    )  # fmt: skip
    assert change.after == (("a", "1"),)


@pytest.mark.parametrize(
    ("key_id", "words"),
    [
        (MANAGED, "(alias/aws/s3) is managed by AWS: nobody else can change its tags."),
        (DYING, "(alias/dying) is pending deletion: cancel the deletion to change its tags."),
    ],
)
async def test_keys_that_cannot_be_tagged_are_refused_without_asking_kms(bench, key_id, words):
    (change,) = await bench.tagging.plan([key_id], PROD)
    assert words in change.refused
    assert bench.gateway.calls == []


@pytest.mark.parametrize("state", ["PendingReplicaDeletion", "Creating", "Updating"])
async def test_states_that_forbid_tags(bench, state):
    key = bench.store.keys[IMPORTED]
    bench.store.put_key(replace(key, metadata=metadata_of(state=state)))
    (change,) = await bench.tagging.plan([IMPORTED], PROD)
    assert change.refused.startswith(f"{IMPORTED} (alias/ImportedCMK) is ")


async def test_fifty_tags_are_the_most(bench):
    full = tuple(Tag(f"k{number:02}", "v") for number in range(50))
    bench.gateway.world.tags[NAMELESS] = full
    (change,) = await bench.tagging.plan([NAMELESS], TagDelta(put=(Tag("one more", ""),)))
    assert change.refused == f"{NAMELESS} would have 51 tags at once, and a key can have 50."
    (change,) = await bench.tagging.plan([NAMELESS], TagDelta(put=(Tag("k00", "w"),)))
    assert change.will_be_sent


async def test_a_key_whose_tags_may_not_be_read_is_refused_with_the_reason(bench):
    denied = AccessDeniedError(
        "the key policy does not allow it", "", ErrorContext("kms:ListResourceTags", SIGNING)
    )
    bench.store.put_key(replace(bench.store.keys[SIGNING], tags=None))
    bench.gateway.fail("kms:ListResourceTags", denied, SIGNING)
    refused, fine = await bench.tagging.plan([SIGNING, NAMELESS], PROD)
    assert "AccessDenied on kms:ListResourceTags" in refused.refused
    assert fine.will_be_sent


async def test_tags_that_the_tagging_api_told_do_where_kms_does_not_list_them(bench):
    bench.gateway.fail("kms:ListResourceTags", AccessDeniedError("no"), IMPORTED)
    (change,) = await bench.tagging.plan([IMPORTED], PROD)
    assert dict(change.before) == {"env": "dev", "owner": None}


async def test_it_tells_how_many_keys_were_looked_at(bench):
    counts: list[int] = []
    await bench.tagging.plan([IMPORTED, SIGNING, NAMELESS], PROD, counts.append)
    assert counts == [1, 2, 3]


def asks_for(tag: str, **changes: object) -> Identity:
    """A role whose policy decides by a tag of keys."""
    statement: dict[str, object] = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    statement |= {"Condition": {"StringEquals": {f"aws:ResourceTag/{tag}": "dev"}}, **changes}
    policy = IdentityPolicy("use", json.dumps({"Statement": [statement]}), inline=True)
    return Identity(ROLE, "app", "role", (policy,))


async def read(bench, identity: Identity) -> None:
    bench.gateway.world.identities[ROLE] = identity
    bench.session.shared(AccessReader).forget()
    await bench.session.shared(AccessReader).identity(ROLE)


async def test_iam_policies_that_decide_by_a_tag_that_changes(bench):
    changes = await bench.tagging.plan([IMPORTED, NAMELESS], PROD)
    assert bench.tagging.deciding(changes) == TagDecisions()
    await read(bench, asks_for("Env"))
    found = bench.tagging.deciding(changes)
    assert found == TagDecisions((IMPORTED, NAMELESS), ("env",), ("role/app",), 1)
    others = await bench.tagging.plan([IMPORTED], TagDelta(put=(Tag("environment", "x"),)))
    assert bench.tagging.deciding(others) == TagDecisions(looked_at=1)


async def test_a_key_policy_cannot_decide_by_a_tag(bench):
    """It was told so of any key policy in which aws:ResourceTag stands, where it is never met."""
    text = '{"Statement": [{"Condition": {"StringEquals": {"aws:ResourceTag/env": "dev"}}}]}'
    bench.gateway.world.policies[IMPORTED] = {"default": text}
    await bench.session.read_policies(IMPORTED)
    changes = await bench.tagging.plan([IMPORTED], PROD)
    assert not bench.tagging.deciding(changes).key_ids


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "s3:GetObject"},
        {"Action": "kms:ListKeys"},
        {"Resource": f"arn:aws:kms:eu-west-1:111122223333:key/{SIGNING}"},
        {"Condition": {"StringEquals": {"aws:RequestTag/env": "dev"}}},
    ],
    ids=["other service", "not about a key", "other key", "other condition key"],
)
async def test_a_tag_that_decides_about_something_else_is_not_meant(bench, changes):
    await read(bench, asks_for("env", **changes))
    planned = await bench.tagging.plan([IMPORTED], PROD)
    assert not bench.tagging.deciding(planned).key_ids


async def test_a_policy_variable_and_a_permissions_boundary_decide_too(bench):
    same = {"StringEquals": {"aws:PrincipalTag/env": "${aws:ResourceTag/env}"}}
    asking = asks_for("x", Condition=same)
    text = asking.policies[0].text.replace("{", '{"Version": "2012-10-17", ', 1)
    boundary = replace(asking.policies[0], text=text)
    await read(bench, replace(asking, policies=(), boundary=boundary))
    planned = await bench.tagging.plan([IMPORTED], PROD)
    assert bench.tagging.deciding(planned).key_ids == (IMPORTED,)


async def test_undo_puts_back_what_was_there(bench):
    plan = await bench.tagging.plan([IMPORTED], PROD)
    await bench.apply(plan)
    undo = await bench.tagging.plan_undo(plan)
    await bench.apply(undo)
    assert bench.gateway.world.tags[IMPORTED] == (Tag("env", "dev"), Tag("project", "kmsworkshop"))


async def test_undo_leaves_what_somebody_else_has_changed_since(bench):
    plan = await bench.tagging.plan([IMPORTED], PROD)
    await bench.apply(plan)
    bench.gateway.world.tags[IMPORTED] = (Tag("env", "theirs"), Tag("owner", "me"))
    (undo,) = await bench.tagging.plan_undo(plan)
    assert undo.after == (("owner", None),)
    assert "env of" in undo.note
    assert "changed by somebody else since, and stays" in undo.note


_NAMES = st.sampled_from("abcde")
_HELD = st.dictionaries(_NAMES, st.sampled_from("123"), max_size=5)
_WANTED = st.dictionaries(_NAMES, st.one_of(st.none(), st.sampled_from("123")), min_size=1)


def _tags(held):
    return tuple(sorted(Tag(name, value) for name, value in held.items()))


def _after(held, change: TagChange):
    """What KMS holds after the change."""
    kept = {name: value for name, value in held.items() if name not in change.remove}
    return {**kept, **{tag.key: tag.value for tag in change.put}}


@settings(max_examples=80)
@given(_HELD, _WANTED)
def test_a_change_leads_where_it_should_and_undo_leads_back(held, wanted):
    change = change_to("key", _tags(held), wanted, "key")
    after = _after(held, change)
    assert shows(_tags(after), change)
    assert all(after.get(name) == value for name, value in wanted.items())
    assert {n: v for n, v in after.items() if n not in wanted} == {
        n: v for n, v in held.items() if n not in wanted
    }
    assert _after(after, undo_of(change, _tags(after), "key")) == held
    assert undo_of(change, _tags(held), "key").is_empty
