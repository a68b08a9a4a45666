"""The screen of custom key stores, and what Details says of a key's."""

from dataclasses import replace

from kmstui.model import CustomKeyStore
from kmstui.service.errors import AccessDeniedError
from kmstui.ui.keys.custom_key_stores_screen import CustomKeyStoresScreen
from tests.fakes import FakeGateway
from tests.screens import running

FAILED = CustomKeyStore(
    "cks-1", "old", "EXTERNAL_KEY_STORE", "FAILED", "XKS_PROXY_NOT_REACHABLE",
    proxy="https://xks.example.com/kms/xks/v1",
)  # fmt: skip
RESTING = CustomKeyStore("cks-2", "vault", "AWS_CLOUDHSM", "DISCONNECTED", cluster_id="cluster-a")


def gateway():
    made = FakeGateway()
    made.world.custom_key_stores = (FAILED, RESTING)
    made.world.add(
        "aaaa1111-1111-4222-8333-000000000001",
        "outside",
        origin="EXTERNAL_KEY_STORE",
        custom_key_store_id="cks-1",
        external_key_id="hsm-7",
    )
    return made


async def open_screen(run):
    await run.press("colon")
    await run.type("custom key stores")
    await run.wait_for("Show the custom key stores")
    await run.press("enter")
    screen = await run.wait_for_screen(CustomKeyStoresScreen)
    await run.wait_for("vault")
    return screen


async def test_one_that_failed_says_why_and_what_to_do():
    async with running(gateway()) as run:
        await open_screen(run)
        await run.wait_for("KMS cannot reach the external key store proxy")
        await run.wait_for("https://xks.example.com/kms/xks/v1")
        await run.press("c")
        await run.wait_for("KMS asks that it is disconnected first")
        assert run.gateway.count("kms:ConnectCustomKeyStore") == 0


async def test_one_is_connected_after_a_question():
    async with running(gateway()) as run:
        await open_screen(run)
        await run.press("j", "c")
        await run.wait_for("KMS looks for cluster-a")
        await run.press("y")
        await run.wait_for("The key store vault is CONNECTED")
        await run.wait_for(lambda: " CONNECTED" in row(run, "vault"))


async def test_disconnecting_one_in_use_asks_for_its_name():
    made = gateway()
    made.world.custom_key_stores = (replace(RESTING, state="CONNECTED"),)
    async with running(made) as run:
        await open_screen(run)
        await run.press("d")
        await run.wait_for("Type vault to go on")
        await run.type("vault")
        await run.press("enter")
        await run.wait_for("The key store vault is DISCONNECTED")


async def test_its_keys_are_shown():
    async with running(gateway()) as run:
        await open_screen(run)
        await run.press("enter")
        await run.wait_for("store:cks-1")
        await run.wait_for("1 of 10")
        await run.wait_for("outside")


async def test_whoever_may_not_describe_them_reads_why():
    made = gateway()
    made.fail("kms:DescribeCustomKeyStores", AccessDeniedError("no IAM policy allows it"))
    async with running(made) as run:
        await run.press("colon")
        await run.type("custom key stores")
        await run.wait_for("Show the custom key stores")
        await run.press("enter")
        await run.wait_for("no IAM policy allows it")


async def test_details_name_the_store_of_a_key_and_its_state():
    async with running(gateway()) as run:
        await run.press("slash")
        await run.type("outside")
        await run.press("enter", "d")
        await run.wait_for("old, FAILED")
        await run.wait_for("XKS_PROXY_NOT_REACHABLE: KMS cannot reach")


def row(run, name):
    return next(line for line in run.lines if line[1:].lstrip().startswith(name))
