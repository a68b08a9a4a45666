import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model import KeyCreation
from kmstui.service.errors import (
    OPEN_OUTCOME,
    UNCERTAIN,
    AccessDeniedError,
    ConflictError,
    InvalidInputError,
    JournalError,
    UnreportedOutcomeError,
)
from kmstui.service.keys.aliases import MOST_ALIASES, alias_problem, full_name, move_problem
from tests.fakes import (
    DYING,
    IMPORTED,
    MANAGED,
    NAMELESS,
    SIGNING,
    key_id_of,
    until,
)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "needs a name"),
        ("alias/", "needs a name"),
        ("aws/mine", "AWS's own"),
        ("alias/aws/mine", "AWS's own"),
        ("two words", "cannot contain a space"),
        ("semi;colon", "cannot contain ';'"),
        ("a:b", "cannot contain ':'"),
        ("grün", "cannot contain 'ü'"),
        ("x" * 251, "257 characters"),
    ],
)
def test_a_name_that_kms_would_refuse_says_why(name, said):
    assert said in alias_problem(name)


@pytest.mark.parametrize("name", ["a", "alias/a", "aws", "team/web_1-x", "x" * 250, "  padded  "])
def test_a_name_that_kms_takes_is_taken(name):
    assert alias_problem(name) == ""


@given(st.text(max_size=300))
def test_any_text_is_judged_as_the_api_reference_has_it(text):
    import re

    plain = full_name(text)
    fits = (
        re.fullmatch(r"alias/[a-zA-Z0-9/_-]+", plain) is not None
        and len(plain) <= 256
        and not plain.startswith("alias/aws/")
    )
    assert (alias_problem(text) == "") is fits


async def test_creating_sends_reads_back_and_is_written_down(bench):
    sentence = await bench.aliases.create("team/new", IMPORTED)
    assert sentence == (
        f"alias/team/new is now the name of key {IMPORTED}, besides alias/ImportedCMK."
    )
    assert bench.world.aliases["alias/team/new"] == IMPORTED
    assert bench.store.aliases_of(IMPORTED) == ("alias/ImportedCMK", "alias/team/new")
    assert await bench.entries() == [
        ("kms:CreateAlias", "alias/team/new", {"key": None}, {"key": IMPORTED}, "done")
    ]


async def test_moving_changes_both_keys_and_says_so(bench):
    sentence = await bench.aliases.move("alias/ImportedCMK", NAMELESS)
    assert sentence == f"alias/ImportedCMK is now the name of key {NAMELESS}."
    assert bench.store.aliases_of(IMPORTED) == ()
    assert bench.store.aliases_of(NAMELESS) == ("alias/ImportedCMK",)
    assert await bench.entries() == [
        ("kms:UpdateAlias", "alias/ImportedCMK", {"key": IMPORTED}, {"key": NAMELESS}, "done")
    ]


async def test_deleting_leaves_the_key(bench):
    sentence = await bench.aliases.delete("alias/signing-old")
    assert sentence == (
        f"alias/signing-old is gone; key {SIGNING} (alias/signing) stays as it was."
    )
    assert "alias/signing-old" not in bench.store.aliases
    assert SIGNING in bench.store.keys
    assert await bench.entries() == [
        ("kms:DeleteAlias", "alias/signing-old", {"key": SIGNING}, {"key": None}, "done")
    ]


async def refusal_of(job):
    with pytest.raises(InvalidInputError) as refused:
        await job
    return refused.value.sentence


async def test_what_kms_would_refuse_is_not_sent(bench):
    for job, said in (
        (bench.aliases.create("aws/x", IMPORTED), "AWS's own"),
        (bench.aliases.create("new", MANAGED), "managed by AWS"),
        (bench.aliases.create("new", DYING), "pending deletion"),
        (bench.aliases.create("signing", IMPORTED), f"names {SIGNING} (alias/signing): move it"),
        (bench.aliases.create("ImportedCMK", IMPORTED), "is already a name of this key"),
        (bench.aliases.create("new", "gone"), "not among those listed"),
        (bench.aliases.move("alias/signing", IMPORTED), "SIGN_VERIFY is not ENCRYPT_DECRYPT"),
        (bench.aliases.move("alias/ImportedCMK", DYING), "pending deletion"),
        (bench.aliases.move("alias/ImportedCMK", IMPORTED), "is already a name of this key"),
        (bench.aliases.move("alias/aws/s3", IMPORTED), "AWS's own"),
        (bench.aliases.move("alias/nothing", IMPORTED), "not among the aliases"),
        (bench.aliases.delete("alias/aws/s3"), "AWS's own"),
    ):
        sentence = await refusal_of(job)
        assert said in sentence
        assert "Nothing was sent." in sentence
    assert bench.sent == []
    assert await bench.entries() == []


async def test_a_refusal_names_the_operation_and_the_key(bench):
    sentence = await refusal_of(bench.aliases.create("bad name", IMPORTED))
    assert f"on kms:CreateAlias for key {IMPORTED} (alias/ImportedCMK)" in sentence


async def test_a_key_with_all_its_aliases_takes_no_more(bench):
    for number in range(MOST_ALIASES - 1):
        bench.world.aliases[f"alias/n{number}"] = IMPORTED
    await bench.session.refresh()
    assert "50 aliases already" in await refusal_of(bench.aliases.create("one-more", IMPORTED))


async def test_types_are_told_apart_even_where_the_usage_is_the_same(bench):
    rsa = bench.world.add(key_id_of(20), spec="RSA_2048")
    await bench.session.refresh()
    alias = bench.store.aliases["alias/ImportedCMK"]
    assert "SYMMETRIC_DEFAULT is not of the type of RSA_2048" in move_problem(
        bench.store, alias, bench.store.keys[rsa]
    )


@pytest.mark.parametrize(
    "error",
    [AccessDeniedError("your role may not"), ConflictError("it exists already")],
    ids=["denied", "taken meanwhile"],
)
async def test_what_kms_refuses_is_written_down_as_failed(bench, error):
    bench.gateway.fail("kms:CreateAlias", error)
    with pytest.raises(type(error)):
        await bench.aliases.create("new", IMPORTED)
    assert "alias/new" not in bench.store.aliases
    newest = await bench.newest()
    assert (newest.outcome, newest.detail) == ("failed", error.sentence)


async def test_nothing_is_sent_that_cannot_be_written_down(bench):
    bench.journal.error = JournalError("the disk is full")
    with pytest.raises(JournalError):
        await bench.aliases.create("new", IMPORTED)
    assert bench.sent == []


async def test_a_late_alias_is_waited_for(bench):
    real = dict(bench.world.aliases)
    create = bench.gateway.create_alias

    async def create_late(name, key_id):
        await create(name, key_id)
        bench.world.aliases = dict(real)

    def show():
        if len(bench.pauses) == 2:
            bench.world.aliases = {**real, "alias/late": IMPORTED}

    bench.gateway.create_alias = create_late
    bench.during_pause = show
    assert "is now the name" in await bench.aliases.create("late", IMPORTED)
    assert len(bench.pauses) == 2


async def test_an_alias_that_does_not_show_in_time_is_said_to_be_accepted(bench):
    async def create_nothing(name, key_id):
        pass

    bench.gateway.create_alias = create_nothing
    sentence = await bench.aliases.create("late", IMPORTED)
    assert "KMS accepted it. KMS does not show it yet" in sentence
    assert (await bench.newest()).outcome == "done"


async def test_a_read_back_that_is_denied_does_not_hide_that_it_was_done(bench):
    bench.gateway.fail("kms:ListAliases", AccessDeniedError("your role may not"))
    sentence = await bench.aliases.create("new", IMPORTED)
    assert "KMS accepted it, but the aliases could not be read back." in sentence


@pytest.mark.parametrize("error", UNCERTAIN)
async def test_an_answer_that_tells_nothing_is_looked_for(bench, error):
    create = bench.gateway.create_alias

    async def lose(name, key_id):
        await create(name, key_id)
        raise error("no answer that tells")

    bench.gateway.create_alias = lose
    assert "is now the name" in await bench.aliases.create("new", IMPORTED)
    newest = await bench.newest()
    assert newest.outcome == "done"
    assert newest.detail.endswith("no answer that tells. Read back afterwards: it was done.")


async def test_a_request_that_got_lost_stays_unknown(bench):
    bench.gateway.fail("kms:CreateAlias", UnreportedOutcomeError("no answer came"))
    with pytest.raises(UnreportedOutcomeError):
        await bench.aliases.create("new", IMPORTED)
    assert (await bench.newest()).outcome == "unknown"


async def test_a_program_that_ends_while_it_waits_leaves_it_to_the_next_start(bench):
    import asyncio

    bench.gateway.hold("kms:CreateAlias")
    task = asyncio.create_task(bench.aliases.create("new", IMPORTED))
    await until(lambda: ("kms:CreateAlias", "alias/new") in bench.gateway.calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await bench.newest()).outcome == "pending"


async def test_after_a_switch_nothing_of_the_old_connection_reaches_the_screen(bench):
    create = bench.gateway.create_alias

    async def switch_meanwhile(name, key_id):
        await create(name, key_id)
        bench.session.close()
        bench.store.clear()

    bench.gateway.create_alias = switch_meanwhile
    bench.gateway.close = lambda: None
    await bench.aliases.create("new", IMPORTED)
    assert bench.store.aliases == {}


async def test_what_was_read_back_is_said_beside_an_answer_that_did_not_come(bench):
    bench.gateway.fail("kms:CreateAlias", UnreportedOutcomeError(f"no answer came{OPEN_OUTCOME}"))
    with pytest.raises(UnreportedOutcomeError) as caught:
        await bench.aliases.create("alias/new", IMPORTED)
    assert "read back afterwards, the change does not show" in caught.value.sentence
    assert "may or may not" not in caught.value.sentence
    _, told = await bench.keys.create(KeyCreation(), "other")
    assert "Whether its alias was is not known" in told
    assert "Its alias was not" not in told
