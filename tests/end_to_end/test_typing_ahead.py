"""A slow line delivers keys in bursts: each reaches what the one before it opened.

Esc ends a burst here: a terminal sends Alt and a key as Esc and the key, so that nobody can tell
these from the two typed one after the other.
"""

from __future__ import annotations

import pytest


@pytest.fixture
def terminal(kmstui):
    terminal = kmstui(columns=100, rows=30)
    terminal.wait_for("1 Keys  48 (and")
    return terminal


def test_keys_in_bursts_reach_what_they_were_meant_for(terminal):
    def leave(shown):
        # Esc and the next key in one packet would be Alt and that key, as terminals have it.
        terminal.send("escape")
        terminal.wait_until_gone(shown)

    send, wait = terminal.send, terminal.wait_for
    # The filter's Enter comes before the table is filtered; the menu must be about its key.
    send("/", "alias:code/sign", "enter", "x", "d")
    wait(lambda text: "Description of" in text and "(alias/code/signing)" in text)
    leave("Description of")
    send("/", "ctrl+u", "alias:orders/api-st", "enter", "t", "burst=one", "enter")
    wait(lambda text: "orders/api-staging" in text and "+  burst" in text)
    leave("+  burst")
    leave("burst=one")
    send("A", "c", "from/a/burst")
    wait("alias/from/a/burst will name this key")
    leave("from/a/burst")
    send("y", "a")
    wait("Alias sent to the terminal's clipboard, if it allows that: alias/orders/api-staging")
    send("!", "tab", "G")
    wait("❯")
    wait("kms:ListKeys")
    leave("kms:ListKeys")
    send("?", "G")
    wait("a regular expression over the same texts")
    leave("over the same texts")
    send(":", "audit/cloudtrail", "enter", "3", "]")
    wait(lambda text: "3 Policy" in text and "PRINCIPAL" in text and "/cloudtrail" in text)
    send("1", ":", "region eu-central", "enter")
    wait(lambda text: "eu-central-1" in text.splitlines()[0])
    send("R", "eu-west-1", "enter")
    wait("ImportedCMK")


def test_the_editor_gets_what_is_typed_after_e(terminal):
    terminal.send("/", "alias:ImportedCMK", "enter", "e", "typed at once")
    terminal.wait_for("1 ✖ typed at once{")
    terminal.send("escape")
    terminal.wait_for("Leave and discard")
    terminal.send("d")
    terminal.wait_for("1 Keys")
