"""What was kept is there, whatever it is made of."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.journal import SqliteJournal
from kmstui.service.errors import JournalError
from kmstui.service.ports import Scope
from tests.journal.conftest import ELSEWHERE, HERE, FakeClock, change, noise

any_text = st.text(st.characters(codec=None, exclude_categories=()))


async def test_versions_are_listed_newest_first_and_only_of_their_subject_and_scope(
    journal: SqliteJournal,
) -> None:
    await journal.keep_version(HERE, "key-1", "one", "fetched", caller="me", note="opened")
    await journal.keep_version(HERE, "key-1", "two", "sent")
    await journal.keep_version(HERE, "key-2", "other key", "fetched")
    await journal.keep_version(ELSEWHERE, "key-1", "other Region", "fetched")

    versions = await journal.versions(HERE, "key-1")

    assert [(v.text, v.kind) for v in versions] == [("two", "sent"), ("one", "fetched")]
    assert (versions[1].caller, versions[1].note) == ("me", "opened")
    assert versions[0].time > versions[1].time
    assert versions[0].id > versions[1].id


async def test_a_fetched_text_that_is_held_already_adds_no_version(journal: SqliteJournal) -> None:
    first = await journal.keep_version(HERE, "key-1", "one", "fetched")
    await journal.keep_version(HERE, "key-1", "two", "sent", note="refused later")
    again = await journal.keep_version(HERE, "key-1", "one", "fetched")

    assert again == first
    assert len(await journal.versions(HERE, "key-1")) == 2

    await journal.keep_version(HERE, "key-1", "two", "fetched")
    assert [v.text for v in await journal.versions(HERE, "key-1")] == ["two", "two", "one"]


async def test_texts_that_occur_often_are_stored_once(
    journal: SqliteJournal, directory: Path
) -> None:
    text = noise(1, 10_000)
    for kind in ("fetched", "sent", "stored"):
        await journal.keep_version(HERE, "key-1", text, kind)
    await journal.begin([change(f"key-{n}", before=text) for n in range(50)])
    journal.close()

    with sqlite3.connect(directory / "journal.db") as connection:
        (bodies,) = connection.execute(
            "SELECT count(*) FROM texts WHERE length(body) > 10000"
        ).fetchone()
    connection.close()
    assert bodies == 1


async def test_a_policy_is_packed(journal: SqliteJournal, directory: Path) -> None:
    text = json.dumps([{"Effect": "Allow", "Action": "kms:Decrypt", "Sid": n} for n in range(400)])
    await journal.keep_version(HERE, "key-1", text, "sent")
    assert [v.text for v in await journal.versions(HERE, "key-1")] == [text]
    journal.close()
    assert len(text) > 20_000
    with sqlite3.connect(directory / "journal.db") as connection:
        ((size,),) = connection.execute("SELECT length(body) FROM texts")
    connection.close()
    assert size < 4_000


async def test_the_newest_versions_or_those_since_a_time_are_listed_alone(
    journal: SqliteJournal,
) -> None:
    made = [await journal.keep_version(HERE, "key-1", f"{n}", "sent") for n in range(5)]
    assert [v.text for v in await journal.versions(HERE, "key-1", limit=2)] == ["4", "3"]
    since = await journal.versions(HERE, "key-1", since=made[3].time)
    assert [v.text for v in since] == ["4", "3"]
    assert await journal.versions(HERE, "key-1", limit=0) == ()


async def test_changes_of_one_subject_and_of_some_operations_are_listed_alone(
    journal: SqliteJournal,
) -> None:
    await journal.begin(
        [
            change("key-1", operation="kms:PutKeyPolicy"),
            change("key-1"),
            change("key-2", operation="kms:PutKeyPolicy"),
        ]
    )
    found = await journal.changes(HERE, subject="key-1", operations=("kms:PutKeyPolicy",))
    assert [(c.subject, c.operation) for c in found] == [("key-1", "kms:PutKeyPolicy")]
    assert len(await journal.changes(HERE, subject="key-1")) == 2
    assert len(await journal.changes(HERE, operations=("kms:PutKeyPolicy", "x"))) == 2


async def test_a_draft_replaces_the_one_before_and_knows_its_base(journal: SqliteJournal) -> None:
    await journal.save_draft(HERE, "key-1", "{", base="{}", caller="me")
    await journal.save_draft(HERE, "key-1", '{"', base="{}", caller="me")

    draft = await journal.draft(HERE, "key-1")

    assert draft is not None
    assert (draft.text, draft.base, draft.kind, draft.caller) == ('{"', "{}", "draft", "me")
    assert await journal.drafts(HERE) == (draft,)
    assert await journal.draft(HERE, "key-2") is None
    assert await journal.versions(HERE, "key-1") == ()


async def test_a_closed_draft_is_found_in_the_history(journal: SqliteJournal) -> None:
    await journal.save_draft(HERE, "key-1", "typed", base="stored", caller="me")
    await journal.close_draft(HERE, "key-1")

    (version,) = await journal.versions(HERE, "key-1")
    assert (version.text, version.base, version.kind) == ("typed", "stored", "draft")
    assert await journal.draft(HERE, "key-1") is None


async def test_changes_get_ids_and_keep_how_they_ended(journal: SqliteJournal) -> None:
    begun = await journal.begin([change("key-1", "b1"), change("key-2", "b1")])
    await journal.begin([change("key-3", "b2", scope=ELSEWHERE)])
    await journal.end(begun[0].id, "done")
    await journal.end(begun[1].id, "unknown", "no answer")
    await journal.end(begun[1].id, "failed", "it is not there")

    everything = await journal.changes()
    assert [c.subject for c in everything] == ["key-3", "key-2", "key-1"]
    batch = await journal.changes(HERE, batch="b1")
    assert [(c.subject, c.outcome, c.detail) for c in batch] == [
        ("key-2", "failed", "it is not there"),
        ("key-1", "done", ""),
    ]
    assert batch[0].ended is not None
    assert batch[0].after == '{"project": "kmsworkshop"}'
    assert [c.subject for c in await journal.changes(limit=1)] == ["key-3"]
    assert [c.subject for c in await journal.changes(ELSEWHERE)] == ["key-3"]


async def test_the_end_of_a_change_that_is_not_there_is_said(journal: SqliteJournal) -> None:
    with pytest.raises(JournalError, match="change 99 is not in the journal"):
        await journal.end(99, "done")


async def test_changes_of_one_call_are_begun_together_or_not_at_all(
    journal: SqliteJournal,
) -> None:
    with pytest.raises(JournalError):
        await journal.begin([change("key-1"), change("key-2", outcome="nonsense")])
    assert await journal.changes() == ()


async def test_what_was_kept_is_there_when_the_journal_is_opened_again(
    journal: SqliteJournal, directory: Path
) -> None:
    await journal.keep_version(HERE, "key-1", "one", "fetched")
    await journal.save_draft(HERE, "key-1", "typed", base="one")
    await journal.begin([change()])
    journal.close()

    again = SqliteJournal(directory)
    assert [v.text for v in await again.versions(HERE, "key-1")] == ["one"]
    assert [d.text for d in await again.drafts(HERE)] == ["typed"]
    assert [c.subject for c in await again.pending(HERE)] == ["key-1"]
    again.close()


async def test_the_draft_of_a_program_that_ended_goes_to_the_history_once_typing_goes_on(
    journal: SqliteJournal, directory: Path
) -> None:
    await journal.save_draft(HERE, "key-1", "before the crash", base="stored")
    journal.close()

    again = SqliteJournal(directory, FakeClock())
    await again.save_draft(HERE, "key-1", "after it", base="stored")

    assert [d.text for d in await again.drafts(HERE)] == ["after it"]
    assert [v.text for v in await again.versions(HERE, "key-1")] == ["before the crash"]
    again.close()


async def test_a_write_whose_waiter_was_cancelled_is_kept(
    journal: SqliteJournal, directory: Path
) -> None:
    """Quitting cancels the screen's workers; the last pause's draft is in one of them."""
    task = asyncio.ensure_future(journal.save_draft(HERE, "key-1", "last words", base=""))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    journal.close()

    again = SqliteJournal(directory)
    draft = await again.draft(HERE, "key-1")
    again.close()
    assert draft is not None
    assert draft.text == "last words"


async def test_a_closed_journal_says_so(journal: SqliteJournal) -> None:
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="was closed"):
        await journal.versions(HERE, "key-1")


@settings(max_examples=20)
@given(
    texts=st.lists(any_text, min_size=1, max_size=4),
    subject=any_text,
    account=any_text,
    words=any_text,
)
def test_any_text_comes_back_as_it_was(
    texts: list[str], subject: str, account: str, words: str
) -> None:
    scope = Scope(account, "eu-central-1")

    async def keep_and_read(directory: Path) -> None:
        journal = SqliteJournal(directory)
        for text in texts:
            await journal.keep_version(scope, subject, text, "sent", caller=words, note=words)
        await journal.save_draft(scope, subject, texts[0], base=words, caller=words)
        (begun,) = await journal.begin([change(subject, scope=scope, before=texts[0])])
        await journal.end(begun.id, "failed", words)
        journal.close()

        again = SqliteJournal(directory)
        versions = await again.versions(scope, subject)
        assert [v.text for v in reversed(versions)] == texts
        assert {(v.caller, v.note, v.subject) for v in versions} == {(words, words, subject)}
        draft = await again.draft(scope, subject)
        assert draft is not None
        assert (draft.text, draft.base, draft.scope) == (texts[0], words, scope)
        (read,) = await again.changes(scope)
        assert (read.subject, read.before, read.detail) == (subject, texts[0], words)
        again.close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(keep_and_read(Path(directory)))
