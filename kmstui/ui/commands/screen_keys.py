"""The keys of screens that have their own beside the commands of the panes, by their names.

A person may give them others in `[keys]` of config.toml, as any command; the part of a name before
the point says where it works.
"""

from __future__ import annotations

from typing import Any

from textual.binding import Binding

EDIT, FIND = "edit", "find"

SCREEN_KEYS = {
    # The editor
    "edit.save": ("ctrl+s",),
    "edit.fix": ("f4", "alt+c"),
    "edit.fix-alike": ("shift+f4", "f16", "ctrl+f4", "alt+e"),
    "edit.template": ("ctrl+t", "alt+t"),
    "edit.complete": ("ctrl+at", "ctrl+@", "alt+i"),
    "edit.replace": ("ctrl+r",),
    "edit.format": ("f9", "alt+j"),
    "edit.outside": ("ctrl+o",),
    "edit.history": ("f6", "alt+h"),
    "edit.fold": ("f10", "alt+o"),
    "edit.fold-all": ("shift+f10", "f22", "alt+u"),
    # The find bar
    "find.open": ("ctrl+f",),
    "find.next": ("f3", "down"),
    "find.previous": ("shift+f3", "f15", "up"),
    "find.regex": ("f2", "alt+r"),
    "find.replace-all": ("f4", "alt+a"),
    # The review, and what it may lead to
    "review.save": ("y",),
    "review.acknowledge": ("space",),
    "review.next": ("n", "f8", "tab"),
    "review.go": ("enter",),
    "review.merge": ("m",),
    "review.bypass": ("b",),
    "review.analyzer": ("V",),
    "conflict.take": ("y",),
    "conflict.overwrite": ("o",),
    "conflict.turn": ("space",),
    "conflict.next": ("n", "f8"),
    "conflict.next-text": ("tab", "right_square_bracket", "l", "right"),
    "conflict.previous-text": ("shift+tab", "left_square_bracket", "h", "left"),
    "batch.save": ("y",),
    "template.add": ("enter",),
    "template.whole": ("w",),
    # Keys beside each other, and custom key stores
    "compare.align": ("b",),
    "compare.primary": ("P",),
    "compare.replicate": ("p",),
    "compare.fold": ("f",),
    "compare.texts": ("t",),
    "compare.read": ("r",),
    "key-stores.connect": ("c",),
    "key-stores.disconnect": ("d",),
    "key-stores.keys": ("enter",),
    "key-stores.copy": ("y",),
    "key-stores.read": ("r",),
    # Other screens
    "history.parts": ("enter",),
    "findings.go": ("enter",),
    "findings.filter": ("slash",),
    "findings.read": ("r",),
    "findings.why": ("f1", "question_mark"),
    "findings.order": ("o",),
    "findings.next": ("n",),
    "findings.previous": ("N",),
    "overview.go": ("enter",),
    "overview.read": ("m",),
    "overview.copy": ("y",),
    "endpoints.connect": ("enter",),
    "endpoints.usual": ("p",),
    "endpoints.copy": ("y",),
    "endpoints.read": ("r",),
    "messages.next": ("tab", "right_square_bracket", "l", "right"),
    "messages.previous": ("shift+tab", "left_square_bracket", "h", "left"),
    "messages.open": ("enter",),
    "messages.undo": ("z",),
    "plan.send": ("enter",),
    "plan.copy": ("y",),
    "plan.retry": ("r",),
    "plan.undo": ("z",),
    "plan.details": ("space",),
}
"""Textual's names of the keys; the first is shown."""


def bound(name: str, action: str, words: str = "", **how: Any) -> Binding:
    """The binding of a name of `SCREEN_KEYS`; `how` is Textual's."""
    return Binding(",".join(SCREEN_KEYS[name]), action, words, show=False, id=name, **how)
