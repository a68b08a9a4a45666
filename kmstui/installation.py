"""What is installed, and where it keeps things: for a bug report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kmstui.config import Settings

_LIBRARIES = ("textual", "boto3", "botocore", "moto")


def installation(settings: Settings) -> dict[str, str]:
    """What is installed and where it keeps things, in words; nothing of it is secret."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from kmstui import __version__
    from kmstui.config import config_path
    from kmstui.policy.iam import knowledge

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    file = config_path()
    return {
        "kmstui": __version__,
        "KMS model of": knowledge().date,
        "python": f"{platform.python_version()} on {platform.platform()}",
        **{name: installed(name) for name in _LIBRARIES},
        "installed in": str(Path(__file__).parent),
        "config file": str(file) if file.exists() else f"{file} (does not exist)",
        "state directory": str(settings.state_path),
    }
