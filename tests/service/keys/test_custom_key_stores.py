"""What is said of custom key stores, and what becomes of one that is connected."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.loaders import Loader

from kmstui.model import CustomKeyStore
from kmstui.service.errors import InvalidInputError, NotFoundError, UnreportedOutcomeError
from kmstui.service.keys.custom_key_stores import CustomKeyStores, error_words, read_store
from kmstui.service.keys.unfinished import settle_key_changes
from tests.fakes import NOW

RESTING = CustomKeyStore("cks-1", "vault", "AWS_CLOUDHSM", "DISCONNECTED")


@pytest.fixture
def stores(bench):
    bench.world.custom_key_stores = (RESTING,)
    return CustomKeyStores(bench.session, bench.pause)


async def test_one_is_connected_and_disconnected_and_read_back(bench, stores):
    assert await stores.connect(RESTING) == "The key store vault is CONNECTED."
    connected = await read_store(bench.gateway, "cks-1")
    assert await stores.disconnect(connected) == "The key store vault is DISCONNECTED."
    assert [entry[:4] for entry in await bench.entries()] == [
        ("kms:ConnectCustomKeyStore", "cks-1", {"state": "DISCONNECTED"}, {"state": "CONNECTED"}),
        ("kms:DisconnectCustomKeyStore", "cks-1", {"state": "CONNECTED"},
         {"state": "DISCONNECTED"}),
    ]  # fmt: skip


async def test_a_connection_that_takes_long_is_not_called_done(bench, stores):
    async def begin(_):
        bench.world.custom_key_stores = (replace(RESTING, state="CONNECTING"),)

    bench.gateway.connect_key_store = begin
    assert "It is under way" in await stores.connect(RESTING)
    assert (await bench.newest()).detail == "accepted, not visible yet"


async def test_a_connection_under_way_without_an_answer_is_not_said_to_be_missing(bench, stores):
    async def begin(_):
        bench.world.custom_key_stores = (replace(RESTING, state="CONNECTING"),)
        raise UnreportedOutcomeError("the answer was lost")

    bench.gateway.connect_key_store = begin
    sentence = await stores.connect(RESTING)
    assert sentence.startswith("No clear answer came, and the key store vault is CONNECTING.")
    assert "20 minutes" in sentence

    async def lost(_):
        raise UnreportedOutcomeError("the answer was lost")

    bench.world.custom_key_stores = (RESTING,)
    bench.gateway.connect_key_store = lost
    with pytest.raises(UnreportedOutcomeError, match="the change does not show"):
        await stores.connect(RESTING)


@pytest.mark.parametrize(
    ("state", "outcome", "told"),
    [("CONNECTING", "done", "it was done."), ("DISCONNECTED", "failed", "it was not done.")],
)
async def test_the_next_start_takes_a_connection_under_way_for_one_that_was_sent(
    bench, stores, state, outcome, told
):
    hung = asyncio.Event()

    async def send(_):
        hung.set()
        await asyncio.Event().wait()

    bench.gateway.connect_key_store = send
    job = asyncio.ensure_future(stores.connect(RESTING))
    await hung.wait()
    job.cancel()
    bench.world.custom_key_stores = (replace(RESTING, state=state),)
    bench.session.clock = lambda: NOW + timedelta(minutes=10)
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert told in sentence
    assert (await bench.newest()).outcome == outcome


async def test_why_a_connection_failed_is_told(bench, stores):
    async def fail(_):
        failed = replace(RESTING, state="FAILED", error="USER_LOGGED_IN")
        bench.world.custom_key_stores = (failed,)

    bench.gateway.connect_key_store = fail
    sentence = await stores.connect(RESTING)
    assert sentence.startswith("The key store vault is FAILED. USER_LOGGED_IN: ")
    assert "Log it out" in sentence


@pytest.mark.parametrize(
    ("state", "connecting", "why"),
    [
        ("CONNECTED", True, "connected already"),
        ("FAILED", True, "disconnected first"),
        ("DISCONNECTING", True, "wait until"),
        ("DISCONNECTED", False, "DISCONNECTED already"),
    ],
)
async def test_what_kms_would_refuse_is_not_sent(bench, stores, state, connecting, why):
    store = replace(RESTING, state=state)
    with pytest.raises(InvalidInputError, match=why):
        await (stores.connect if connecting else stores.disconnect)(store)
    assert bench.sent == []


async def test_a_state_newer_than_this_program_is_left_to_kms(bench, stores):
    await stores.connect(replace(RESTING, state="ASLEEP"))
    assert bench.sent == [("kms:ConnectCustomKeyStore", "cks-1")]


async def test_one_that_is_gone_is_not_found(bench):
    with pytest.raises(NotFoundError, match="no custom key store cks-9"):
        await read_store(bench.gateway, "cks-9")


def test_every_error_code_of_the_model_is_explained():
    model = Loader().load_service_model("kms", "service-2")
    for code in model["shapes"]["ConnectionErrorCodeType"]["enum"]:
        words = error_words(replace(RESTING, error=code))
        assert words.startswith(f"{code}: ")
        assert "does not know" not in words
    external = replace(RESTING, kind="EXTERNAL_KEY_STORE", error="INVALID_CREDENTIALS")
    assert "proxy" in error_words(external)
    assert "does not know" in error_words(replace(RESTING, error="NEW_CODE"))
