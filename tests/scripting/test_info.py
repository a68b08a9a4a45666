"""`kmstui info`: what one pastes into a bug report, with nothing secret in it."""

from __future__ import annotations

import json

import pytest

from kmstui import __version__
from kmstui.scripting.info import without_user
from tests.embedded import aws_environment, embedded, embedded_server
from tests.scripting.embedded_commands import Kmstui, kmstui

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]

READS = {"ListKeys", "ListAliases", "GetResources", "DescribeKey", "GetKeyPolicy"}


def test_it_tells_the_connection_and_what_is_missing_and_changes_nothing(
    kmstui: Kmstui, embedded, aws_environment
):
    done = kmstui("info", "alias/ImportedCMK", "--format", "json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert (told["kmstui"], told["region"]) == (__version__, embedded.region)
    assert "assumed-role/KMSWorkshop-InstanceInitRole/" in told["caller"]
    states = {row["permission"]: row["state"] for row in told["permissions"]}
    assert states["kms:GetKeyPolicy"] == states["kms:ListKeys"] == "allowed"
    assert states["organizations:DescribeOrganization"] == "missing"
    assert states["kms:PutKeyPolicy"] == states["kms:ScheduleKeyDeletion"] == "not asked"
    sent = {each.operation for each in embedded.control.requests()}
    assert sent >= READS
    assert not {each for each in sent if each.startswith(("Put", "Create", "Tag", "Schedule"))}
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"):
        assert aws_environment[name] not in done.out


def test_without_aws_it_tells_what_is_installed(kmstui: Kmstui, embedded):
    done = kmstui("info", "--offline")
    assert done.code == 0
    assert "state directory" in done.out
    assert "PERMISSION" not in done.out
    assert not embedded.control.requests()


def test_where_nothing_answers_what_is_known_is_told_all_the_same(
    kmstui: Kmstui, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    done = kmstui("info")
    assert done.code == 2
    assert "state directory" in done.out
    assert "nobody" in done.err


def test_a_user_and_a_password_in_a_url_are_left_out():
    assert (
        without_user("https://user:secret@proxy.example:8443/x") == "https://proxy.example:8443/x"
    )
