"""`kmstui backup` and `restore` on the embedded KMS: the folder, and what is not whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.embedded import aws_environment, client, embedded, embedded_server
from tests.scripting.embedded_commands import Kmstui, kmstui, put_by_boto3, stored_policy
from tests.scripting.test_policy import allow, with_statement

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]

ALIAS, OTHER = "alias/ImportedCMK", "alias/orders/api"


@pytest.fixture
def ids(embedded) -> dict[str, str]:
    kms = client(embedded, "kms", "admin")
    return {name: kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] for name in (ALIAS, OTHER)}


@pytest.fixture
def folder(kmstui: Kmstui, tmp_path: Path, ids) -> Path:
    path = tmp_path / "keys"
    assert kmstui("backup", path, ALIAS, OTHER).code == 0
    return path


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(folder)): (path.read_text(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_second_run_touches_nothing_and_a_third_what_has_changed(
    kmstui: Kmstui, embedded, folder: Path, ids
):
    before = contents(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ids[ALIAS]).stat().st_mode & 0o777 == 0o700
    assert (folder / ids[ALIAS] / "policy.json").stat().st_mode & 0o777 == 0o600
    done = kmstui("backup", folder, ALIAS, OTHER, "--format", "json")
    assert [row["state"] for row in done.rows] == ["same", "same"]
    assert contents(folder) == before
    # KMS may write a policy down in another order.
    policy = stored_policy(embedded, OTHER)
    put_by_boto3(embedded, OTHER, {**policy, "Statement": policy["Statement"][::-1]})
    assert kmstui("backup", folder, OTHER).code == 0
    assert contents(folder) == before
    client(embedded, "kms", "admin").tag_resource(
        KeyId=ids[OTHER], Tags=[{"TagKey": "a", "TagValue": "1"}]
    )
    done = kmstui("backup", folder, OTHER, "--format", "json")
    assert (done.rows[0]["state"], done.rows[0]["files"]) == ("changed", ["tags.json"])


def test_what_could_not_be_read_is_told_and_its_older_file_stays(
    kmstui: Kmstui, embedded, folder: Path, ids
):
    older = (folder / ids[OTHER] / "grants.json").read_text()
    embedded.control.deny("ListGrants")
    done = kmstui("backup", folder, OTHER)
    assert done.code == 1
    assert f"{OTHER}: No grants: AccessDenied" in done.err
    about = json.loads((folder / ids[OTHER] / "key.json").read_text())
    assert about["NotRead"] == ["grants"]
    assert (folder / ids[OTHER] / "grants.json").read_text() == older
    planned = kmstui("restore", folder, OTHER, "--dry-run", "--format", "json")
    assert "The backup has no grants" in " ".join(planned.rows[0]["notes"])
    embedded.control.reset()
    assert kmstui("backup", folder, OTHER).code == 0
    assert "NotRead" not in (folder / ids[OTHER] / "key.json").read_text()


def test_a_key_that_is_gone_is_moved_and_restored_from_there(
    kmstui: Kmstui, embedded, folder: Path, ids
):
    gone = folder / "00000000-0000-0000-0000-000000000001"
    (folder / ids[OTHER]).rename(gone)
    key = json.loads((gone / "key.json").read_text())
    key["Arn"] = key["Arn"].replace(ids[OTHER], gone.name)
    (gone / "key.json").write_text(json.dumps(key))
    (gone / "aliases.json").write_text('["alias/lost"]')
    about = json.loads((folder / "backup.json").read_text())
    about["keys"] = {ids[ALIAS]: ALIAS, gone.name: "alias/lost"}
    (folder / "backup.json").write_text(json.dumps(about))
    done = kmstui("backup", folder, "--filter", "alias:ImportedCMK")
    assert (done.code, "gone" in done.out) == (0, True)
    assert not gone.exists()
    assert (folder / "gone" / gone.name / "policy.json").exists()
    assert kmstui("restore", folder, "--dry-run").code == 0
    done = kmstui("restore", folder, "alias/lost", "--yes", "--format", "json")
    assert (done.code, done.rows[0]["state"]) == (0, "created")
    assert stored_policy(embedded, "alias/lost") == stored_policy(embedded, OTHER)


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_a_person_has_there_is_left_alone(kmstui: Kmstui, tmp_path: Path, ids, kind: str):
    folder = tmp_path / "keys"
    folder.mkdir()
    mine, elsewhere = folder / ids[ALIAS], tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "policy.json").write_text("mine")
    if kind == "folder":
        mine.mkdir()
        (mine / "policy.json").write_text("mine")
    elif kind == "file":
        mine.write_text("mine")
    else:
        mine.symlink_to(elsewhere)
    done = kmstui("backup", folder, ALIAS, OTHER)
    assert done.code == 1
    assert "so it is left alone" in done.err
    assert (elsewhere / "policy.json").read_text() == "mine"
    assert (mine if kind == "file" else mine / "policy.json").read_text() == "mine"
    assert (folder / ids[OTHER] / "key.json").exists()


def test_a_folder_of_another_account_or_of_something_else_is_refused(
    kmstui: Kmstui, folder: Path, tmp_path: Path
):
    about = (folder / "backup.json").read_text()
    (folder / "backup.json").write_text(about.replace("418259630147", "111122223333"))
    done = kmstui("backup", folder, ALIAS)
    assert done.code == 2
    assert "holds a backup of account 111122223333" in done.err
    (folder / "backup.json").write_text("{}")
    assert "is not one that `kmstui backup` wrote" in kmstui("backup", folder, ALIAS).err
    assert kmstui("restore", folder).code == 2
    assert "cannot be read: no such file" in kmstui("restore", tmp_path / "none").err
    assert "is no folder" in kmstui("backup", folder / "backup.json", ALIAS).err


def test_a_file_that_somebody_broke_keeps_its_key_alone_from_being_restored(
    kmstui: Kmstui, embedded, folder: Path, ids
):
    before = stored_policy(embedded, OTHER)
    changed = with_statement(before, allow(f"arn:aws:iam::{embedded.account}:root", "kms:Sign"))
    put_by_boto3(embedded, OTHER, changed)
    (folder / ids[ALIAS] / "tags.json").write_text("[")
    done = kmstui("restore", folder, "--yes", "--format", "json")
    assert done.code == 1
    assert "tags.json is not valid JSON" in done.err
    assert [(row["name"], row["state"]) for row in done.rows] == [(OTHER, "restored")]
    assert stored_policy(embedded, OTHER) == before


def test_nothing_is_sent_where_nobody_agreed_and_outside_access_needs_its_option(
    kmstui: Kmstui, embedded, folder: Path, ids
):
    before = stored_policy(embedded, OTHER)
    file = folder / ids[OTHER] / "policy.json"
    outside = allow("arn:aws:iam::290417736502:root", "kms:Decrypt")
    file.write_text(json.dumps(with_statement(before, outside)))
    planned = kmstui("restore", folder, "--dry-run")
    assert planned.code == 1
    assert "290417736502 gain" in planned.out
    assert "--allow-outside allows it" in planned.out
    refused = kmstui("restore", folder, "--yes")
    assert (refused.code, "--allow-outside" in refused.err) == (1, True)
    refused = kmstui("restore", folder, "--allow-outside")
    assert (refused.code, "--yes restores" in refused.err) == (1, True)
    assert stored_policy(embedded, OTHER) == before
    assert kmstui("restore", folder, "--yes", "--allow-outside").code == 0
    assert stored_policy(embedded, OTHER) == with_statement(before, outside)


@pytest.mark.parametrize("pair", ["1=2", "111122223333", "111122223333=x"])
def test_a_map_of_accounts_that_is_none_is_refused(kmstui: Kmstui, folder: Path, pair: str):
    assert "--map-account takes OLD=NEW" in kmstui("restore", folder, "--map-account", pair).err
