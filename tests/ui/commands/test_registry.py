"""A key does what the help says: nothing hides a command that was not meant to be hidden."""

from __future__ import annotations

from kmstui.ui.commands.command import EVERYWHERE
from kmstui.ui.commands.registry import all_commands
from kmstui.ui.widgets import MarkableTable

MEANT = {
    ("tag.value", "e"),
    ("role.edit-this", "e"),
    ("event.condition", "c"),
    ("access.left", "left"),
    ("access.right", "right"),
    ("access.escape", "escape"),
    ("what-if.complete", "tab"),
    ("what-if.close", "escape"),
    ("text.search", "slash"),
    ("policy.why", "f1"),
    ("policy.next", "v"),
    ("tag.delete", "d"),
}
"""Commands of one pane or view that take a key which does something else everywhere else."""


def test_a_key_that_works_everywhere_is_hidden_only_where_that_was_meant():
    everywhere = {key for each in all_commands() if each.scope == EVERYWHERE for key in each.keys}
    hiding = {
        (each.id, key)
        for each in all_commands()
        if each.scope != EVERYWHERE
        for key in each.keys
        if key in everywhere
    }
    assert hiding == MEANT


def test_no_command_waits_for_a_key_that_the_tables_take_themselves():
    taken = {
        key
        for table in MarkableTable.__mro__
        for binding in table.__dict__.get("BINDINGS", ())
        if hasattr(binding, "key")
        for key in binding.key.split(",")
    }
    assert {"j", "G", "pagedown"} <= taken
    deaf = {each.id for each in all_commands() if taken & set(each.keys)}
    assert deaf == set()
