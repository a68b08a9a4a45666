"""The front door of a package: the names that others take of it, imported when they are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lazy_loader


def attach_stub(package: str, file: str) -> Any:
    """As `lazy_loader.attach_stub`, for a stub with a line for each name.

    That one parses the stubs with `ast`, which took the program and the AWS process some
    milliseconds each at every start.

    Args:
        package: The `__name__` of the package.
        file: Its `__file__`; the stub lies beside it.

    Returns:
        Its `__getattr__`, `__dir__` and `__all__`.
    """
    homes: dict[str, list[str]] = {}
    for line in Path(f"{file}i").read_text("utf-8").splitlines():
        _from, module, _import, name, *_ = line.split()
        homes.setdefault(module.removeprefix("."), []).append(name)
    return lazy_loader.attach(package, homes.pop("", None), homes)
