"""What kmstui shows of an account is what the AWS CLI lists of it."""

from __future__ import annotations

import asyncio

import pytest

from kmstui.aws.session.connector import AwsConnector
from kmstui.bootstrap import now
from kmstui.journal import open_journal
from kmstui.service.inventory.store import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session


async def read_account(home) -> Store:
    """The inventory as the screens get it."""
    loop = asyncio.get_running_loop()
    store = Store(loop.call_later)
    journal = open_journal(home / "state")
    connector = AwsConnector(store.record_call, lambda serial: "", read_only=True)
    session = Session(store, connector, journal, now, read_only=True)
    try:
        await session.open(Target())
    finally:
        session.close()
        journal.close()
    return store


@pytest.mark.parametrize("tagging_api", [True, False], ids=["tagging API", "per key"])
async def test_keys_aliases_and_tags_are_those_of_the_cli(
    embedded, aws, home, monkeypatch, tagging_api
):
    for name, value in embedded.environment_for("admin").items():
        monkeypatch.setenv(name, value)
    if not tagging_api:
        embedded.control.deny("tagging:GetResources")
    store = await read_account(home)

    listed = {key["KeyId"]: key["KeyArn"] for key in aws("kms", "list-keys")["Keys"]}
    # The CLI lists the account's own; those that others share have a sharer.
    assert {key.id: key.arn for key in store.keys.values() if not key.sharer} == listed

    aliases = {
        alias["AliasName"]: alias.get("TargetKeyId", "")
        for alias in aws("kms", "list-aliases")["Aliases"]
    }
    assert {alias.name: alias.key_id for alias in store.aliases.values()} == aliases

    # One call of the CLI a key takes half a second; the keys with something to tell are enough.
    tagged = [key_id for key_id, key in store.keys.items() if key.tags]
    untagged = [key_id for key_id, key in store.keys.items() if key.tags == ()]
    assert len(tagged) > 20
    for key_id in (*tagged[:3], *untagged[:1]):
        answer = aws("kms", "list-resource-tags", "--key-id", key_id, who="admin")
        assert {tag.key: tag.value for tag in store.keys[key_id].tags or ()} == {
            tag["TagKey"]: tag["TagValue"] for tag in answer["Tags"]
        }
    for key_id in listed:
        held = embedded.control.key(key_id)
        key = store.keys[key_id]
        if key.metadata is not None:
            assert key.metadata.state == held.metadata["KeyState"]
            assert {tag.key: tag.value for tag in key.tags or ()} == dict(held.tags), key_id


def test_every_listed_key_and_alias_is_on_the_screen(kmstui, aws):
    terminal = kmstui(columns=200, rows=160)
    terminal.send("a", "+")
    keys = {key["KeyId"] for key in aws("kms", "list-keys")["Keys"]}
    terminal.wait_for(lambda text: all(key in text for key in keys))
    terminal.send("2", "+")
    names = [alias["AliasName"] for alias in aws("kms", "list-aliases")["Aliases"]]
    terminal.wait_for(lambda text: all(name.removeprefix("alias/") in text for name in names))
