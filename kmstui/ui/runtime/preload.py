"""Imports the rest of the screens once the first keys are drawn.

One rule keeps the start short: before the first frame a module is imported only if that frame
shows something of it. What a person opens is imported by the function that opens it, which would
take up to 150 ms the first time. So a thread of its own imports it all before it is asked for;
whoever is faster than the thread waits for what is opened, and for nothing else.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from threading import Thread

import kmstui.ui

SHOWN_SOON = ("kmstui.ui.main.policy_view", "kmstui.service.findings.all_keys")
"""What shows the policy of the first key, and what it takes to lint it."""


def import_all() -> None:
    """Import every module of the screens, and through them what they use."""
    for name in SHOWN_SOON:
        import_module(name)
    for module in walk_packages(kmstui.ui.__path__, "kmstui.ui."):
        import_module(module.name)


@cache
def import_ahead() -> Thread:
    """Begin, once in a process."""
    # Threads take short turns (see `terminal_input`): keys work all the while.
    thread = Thread(target=import_all, name="import-ahead", daemon=True)
    thread.start()
    return thread
