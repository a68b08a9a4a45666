"""Aliases and the life of a key, by the keyboard, checked by the AWS CLI and the embedded KMS."""

from __future__ import annotations

from tests.pty_terminal import PtyTerminal


def choose(terminal: PtyTerminal, alias: str) -> None:
    terminal.send("/", "ctrl+u", f"alias:{alias}", "enter")
    terminal.wait_for(lambda text: "3 Policy" in text and f"alias/{alias}" in text)


def test_an_alias_is_created_moved_and_deleted_typing_ahead(kmstui, embedded, aws):
    key = embedded.control.key("alias/ImportedCMK").metadata["KeyId"]
    other = embedded.control.key("alias/orders/api").metadata["KeyId"]
    terminal = kmstui()
    choose(terminal, "ImportedCMK")
    # Typed at once, as on a line that delivers late: nothing may reach the panes as a command.
    terminal.send("A", "c", "team/web", "enter")
    terminal.wait_for("alias/team/web is now the name of key")
    assert "alias/team/web" in embedded.control.key(key).aliases

    terminal.send("A", "m", "team/web", "enter", "orders/api spec:symmetric", "enter")
    terminal.wait_for("Everything that uses alias/team/web")
    terminal.send("y")
    terminal.wait_for(lambda text: "besides alias/orders/api" in text)
    assert "alias/team/web" in embedded.control.key(other).aliases
    assert "alias/team/web" not in embedded.control.key(key).aliases

    choose(terminal, "team/web")
    terminal.send("2", "g")
    terminal.send("1", "A", "d", "team/web", "enter", "alias/team/web", "enter")
    terminal.wait_for("alias/team/web is gone")
    listed = aws("kms", "list-aliases", "--key-id", other)["Aliases"]
    assert [each["AliasName"] for each in listed] == ["alias/orders/api"]
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_a_key_is_disabled_enabled_and_its_deletion_scheduled_and_cancelled(kmstui, embedded, aws):
    key = embedded.control.key("alias/orders/api").metadata["KeyId"]

    def state() -> str:
        return str(embedded.control.key(key).metadata["KeyState"])

    terminal = kmstui("orders/api")
    terminal.wait_for("3 Policy")
    terminal.wait_for("alias/orders/api")
    terminal.send("x", "b", "y")
    terminal.wait_for("is Disabled.")
    assert state() == "Disabled"
    terminal.send("x", "e", "y")
    terminal.wait_for("is Enabled.")
    assert state() == "Enabled"

    terminal.send("x", "D")
    terminal.wait_for("ITS TAGS SAY PRODUCTION: env=prod")
    terminal.send("7", "enter", "alias/orders/api", "enter")
    terminal.wait_for("Until then x cancels it.")
    described = aws("kms", "describe-key", "--key-id", key)["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion"
    terminal.send("x", "C", "y")
    terminal.wait_for("It is Disabled; x enables it.")
    assert state() == "Disabled"
    terminal.send("q")
    assert terminal.wait_exit() == 0


def test_a_key_is_created_and_a_grant_revoked(kmstui, embedded, aws):
    terminal = kmstui(columns=160, rows=45)
    terminal.send("x", "c", *["down"] * 4, "For tests", "enter", "team/made", "enter")
    terminal.send("project=kmsworkshop", "ctrl+s", "y")
    terminal.wait_for("alias/team/made is now the name of key")
    held = embedded.control.key("alias/team/made")
    assert held.metadata["Description"] == "For tests"
    assert held.tags == {"project": "kmsworkshop"}
    key = held.metadata["KeyId"]
    role = aws("sts", "get-caller-identity")["Arn"].replace(":sts:", ":iam:")
    role = role.replace("assumed-role", "role").rsplit("/", 1)[0]
    aws("kms", "create-grant", "--key-id", key, "--grantee-principal", role,
        "--operations", "Decrypt")  # fmt: skip
    terminal.wait_for(lambda text: "alias/team/made" in text and "3 Policy" in text)
    terminal.send("3", "]", "]", "]", "]")
    terminal.wait_for("Grants 1")
    terminal.send("D")
    terminal.wait_for("Loses: Decrypt")
    terminal.send("y")
    terminal.wait_for("has lost this grant")
    assert aws("kms", "list-grants", "--key-id", key)["Grants"] == []


def test_read_only_mode_sends_nothing_whatever_is_pressed(kmstui, embedded):
    key = embedded.control.key("alias/orders/api").metadata["KeyId"]
    terminal = kmstui("--read-only", "orders/api")
    terminal.wait_for("alias/orders/api")
    before = embedded.control.key(key)
    terminal.send("x", "b", "x", "D", "A", "c", "d")
    terminal.wait_for("read-only mode")
    terminal.send("q")
    assert terminal.wait_exit() == 0
    assert embedded.control.key(key) == before
    changes = ("Create", "Update", "Delete", "Enable", "Disable", "Schedule", "Revoke", "Put",
               "Tag", "Untag")  # fmt: skip
    assert not [each for each in embedded.control.operations() if each.startswith(changes)]
