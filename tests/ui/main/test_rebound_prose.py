"""Sentences in the panes name the keys that a person has given to commands."""

from kmstui.ui.runtime.options import UiOptions
from tests.fakes import FakeGateway
from tests.screens import running

KEYS = (("keys.aws", ("f7",)), ("tags.put", ("ctrl+y",)), ("session.refresh", ("f6",)))


async def test_titles_and_empty_panes_name_the_keys_that_were_given():
    async with running(options=UiOptions(keys=KEYS)) as run:
        assert "of AWS: F7)" in run.text
        key = next(key for key in run.store.keys.values() if key.tags == ())
        await run.choose(key.id)
        await run.press("4")
        await run.wait_for("No tags. Ctrl-y adds some.")


async def test_an_empty_region_names_the_key_that_switches():
    gateway = FakeGateway()
    gateway.world.metadata.clear()
    gateway.world.aliases.clear()
    options = UiOptions(keys=(("session.region", ("f4",)),))
    async with running(gateway, options=options, loaded=False) as run:
        await run.wait_for("F4 switches to another Region.")
