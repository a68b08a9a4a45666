"""Going back to the shell for a while."""

from __future__ import annotations

import os


def has_shell_behind() -> bool:
    """Whether a shell that knows jobs waits for this program: without one, nobody would resume it.

    So it is when the parent is of this session, but of another process group (POSIX, "orphaned
    process group").
    """
    parent = os.getppid()
    try:
        same_session = os.getsid(parent) == os.getsid(0)
        return same_session and os.getpgid(parent) != os.getpgid(0)
    except OSError:
        return False
