"""A folder of policies in a pull request: linted, fixed, planned, applied; never over somebody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kmstui.policy.infrastructure import policies_in
from kmstui.scripting.plan import _CODES
from tests.control import ControlledKms
from tests.embedded import aws_environment, embedded, embedded_server
from tests.scripting.embedded_commands import Kmstui, kmstui, put_by_boto3, stored_policy
from tests.scripting.test_policy import allow, with_statement

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]

NAMES = ("alias/ImportedCMK", "alias/workshop/account-only")
"""Of the two keys, one in a folder of its own."""


@pytest.fixture
def folder(tmp_path: Path, embedded: ControlledKms) -> Path:
    """The policies of two keys as they are stored."""
    folder = tmp_path / "policies"
    for name in NAMES:
        write(folder, name, stored_policy(embedded, name))
    return folder


def write(folder: Path, name: str, policy: object) -> Path:
    path = folder / f"{name.removeprefix('alias/')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(policy, indent=2))
    return path


def decrypt(embedded: ControlledKms, sid: str = "New") -> dict[str, Any]:
    return allow(f"arn:aws:iam::{embedded.account}:role/KeyAdministrator", "kms:Decrypt", sid=sid)


def test_a_bad_policy_is_linted_fixed_planned_and_applied(
    kmstui: Kmstui, embedded, folder: Path, tmp_path: Path
):
    imported, other = NAMES
    before = stored_policy(embedded, imported)
    assert kmstui("policy", "plan", folder).code == 0, "nothing has drifted yet"
    bad = {**decrypt(embedded), "Action": ["kms:Decrpyt"], "Effect": "allow"}
    file = write(folder, imported, with_statement(before, bad))
    assert kmstui("lint", file).code == 1
    assert kmstui("policy", "plan", folder).code == 3
    kmstui("lint", "--fix", file)
    file.write_text(file.read_text().replace("kms:Decrpyt", "kms:Decrypt"))
    assert kmstui("lint", file).code == 0

    plan = tmp_path / "plan.json"
    planned = kmstui("policy", "plan", folder, "--out", plan, "--format", "json", "--review")
    assert planned.code == 3
    assert '+      "Sid": "New",' in planned.out
    rows = json.loads(planned.out[planned.out.rindex("\n[") :])
    assert [(row["name"], row["state"]) for row in rows] == [
        (imported, "changes"),
        (other, "same"),
    ]
    assert stored_policy(embedded, imported) == before

    # What was reviewed is put, whatever the file says by now.
    file.write_text("{}")
    applied = kmstui("policy", "apply", plan, "--yes", "--format", "json")
    assert (applied.code, applied.err) == (0, "")
    assert [(row["name"], row["state"]) for row in applied.rows] == [(imported, "stored")]
    assert stored_policy(embedded, imported) == with_statement(before, decrypt(embedded))
    again = kmstui("policy", "apply", plan, "--yes", "--format", "json")
    assert again.code == 0
    assert again.rows[0]["detail"] == "It is stored already; nothing was sent."


def test_a_key_that_somebody_changed_after_the_plan_is_left_alone_and_the_others_are_put(
    kmstui: Kmstui, embedded, folder: Path, tmp_path: Path
):
    plan = tmp_path / "plan.json"
    stored = {name: stored_policy(embedded, name) for name in NAMES}
    for name in NAMES:
        write(folder, name, with_statement(stored[name], decrypt(embedded)))
    assert kmstui("policy", "plan", folder, "--out", plan).code == 3
    theirs = with_statement(stored[NAMES[0]], decrypt(embedded, sid="Theirs"))
    theirs["Statement"][-1]["Action"] = "kms:Encrypt"
    put_by_boto3(embedded, NAMES[0], theirs)
    done = kmstui("policy", "apply", plan, "--yes", "--format", "json")
    assert done.code == 3
    assert [row["state"] for row in done.rows] == ["changed", "stored"]
    assert "somebody else has changed it" in done.err
    assert stored_policy(embedded, NAMES[0]) == theirs
    assert len(stored_policy(embedded, NAMES[1])["Statement"]) == 1 + len(
        stored[NAMES[1]]["Statement"]
    )


def test_what_needs_an_option_is_told_by_the_plan_and_not_put_without(
    kmstui: Kmstui, embedded, folder: Path, tmp_path: Path
):
    plan = tmp_path / "plan.json"
    before = stored_policy(embedded, NAMES[0])
    outside = allow("arn:aws:iam::290417736502:root", "kms:Decrypt")
    write(folder, NAMES[0], with_statement(before, outside))
    planned = kmstui("policy", "plan", folder, "--out", plan, "--format", "json")
    assert [row["state"] for row in planned.rows] == ["needs", "same"]
    assert "--allow-outside allows it" in planned.rows[0]["detail"]
    refused = kmstui("policy", "apply", plan, "--yes", "--format", "json")
    assert (refused.code, refused.rows[0]["state"]) == (1, "not put")
    assert stored_policy(embedded, NAMES[0]) == before
    assert kmstui("policy", "apply", plan, "--yes", "--allow-outside").code == 0


def test_a_file_without_a_key_and_one_that_is_no_policy_are_rows_with_the_reason(
    kmstui: Kmstui, embedded, folder: Path
):
    write(folder, "alias/nothing", stored_policy(embedded, NAMES[0]))
    (folder / "ImportedCMK.json").write_text('{"Version"')
    done = kmstui("policy", "plan", folder, "--format", "json")
    assert done.code == 2
    told = {row["name"]: (row["state"], row["detail"]) for row in done.rows}
    assert told["alias/nothing"][0] == told["alias/ImportedCMK"][0] == "unread"
    assert "Not found" in told["alias/nothing"][1]
    assert "is not valid JSON" in told["alias/ImportedCMK"][1]
    assert told["alias/workshop/account-only"] == ("same", None)


def test_a_plan_that_was_changed_by_hand_is_refused(
    kmstui: Kmstui, embedded, folder: Path, tmp_path: Path
):
    plan = tmp_path / "plan.json"
    before = stored_policy(embedded, NAMES[0])
    write(folder, NAMES[0], with_statement(before, decrypt(embedded)))
    kmstui("policy", "plan", folder, "--out", plan)
    whole = json.loads(plan.read_text())
    whole["puts"][0]["base"] += " "
    plan.write_text(json.dumps(whole))
    done = kmstui("policy", "apply", plan, "--yes")
    assert done.code == 2
    assert "The plan was changed by hand" in done.err
    plan.write_text("[]")
    assert "is not a plan that" in kmstui("policy", "apply", plan, "--yes").err
    assert stored_policy(embedded, NAMES[0]) == before


def test_two_files_for_one_key_are_refused(kmstui: Kmstui, folder: Path):
    (folder / "alias").mkdir()
    (folder / "alias" / "ImportedCMK.json").write_text("{}")
    done = kmstui("policy", "plan", folder)
    assert done.code == 2
    assert "are both named after alias/ImportedCMK." in done.err


TERRAFORM = """\
resource "aws_kms_key" "imported" {
  description = "Orders"
  policy = <<EOT
%s
EOT
}
"""


def test_a_pull_request_of_a_terraform_file_is_linted_in_place_fixed_planned_and_applied(
    kmstui: Kmstui, embedded, tmp_path: Path
):
    name, plan = NAMES[0], tmp_path / "plan.json"
    before = stored_policy(embedded, name)
    bad = {**decrypt(embedded), "Effect": "allow"}
    file = tmp_path / "main.tf"
    file.write_text(TERRAFORM % json.dumps(with_statement(before, bad), indent=2))
    done = kmstui("lint", file, "--format", "json")
    assert done.code == 1
    (found,) = (each for each in done.rows if each["severity"] == "error")
    lines = file.read_text().splitlines()
    assert '"Effect": "allow"' in lines[found["line"] - 1]
    kmstui("lint", "--fix", "KMS106", file)
    assert kmstui("lint", file).code == 0
    assert file.read_text().startswith(TERRAFORM[:40])

    # What Terraform would put is what is planned.
    read = policies_in(str(file), file.read_text())
    assert read is not None
    text = read.policies[0].rendered.text
    folder = tmp_path / "policies"
    write(folder, name, json.loads(text))
    assert kmstui("policy", "plan", folder, "--out", plan).code == 3
    theirs = with_statement(before, decrypt(embedded, sid="Theirs"))
    put_by_boto3(embedded, name, theirs)
    refused = kmstui("policy", "apply", plan, "--yes")
    assert refused.code == 3
    assert "somebody else has changed it" in refused.err
    assert stored_policy(embedded, name) == theirs
    put_by_boto3(embedded, name, before)
    assert kmstui("policy", "apply", plan, "--yes").code == 0
    assert stored_policy(embedded, name) == with_statement(before, decrypt(embedded))


def test_that_something_was_sent_and_not_read_back_is_hidden_by_nothing():
    assert list(_CODES.values()) == [4, 2, 3, 1]
