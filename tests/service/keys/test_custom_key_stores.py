"""What is said of custom key stores, and what becomes of one that is connected."""

from dataclasses import replace

import pytest
from botocore.loaders import Loader

from kmstui.model import CustomKeyStore
from kmstui.service.errors import InvalidInputError, NotFoundError
from kmstui.service.keys.custom_key_stores import CustomKeyStores, error_words, read_store

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
