"""`kmstui completion`: what a shell needs to complete a command line, and the words that change."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from kmstui.model import late_pattern
from kmstui.scripting.command import CommandError
from kmstui.scripting.definition import Command
from kmstui.scripting.parser import Parser
from kmstui.scripting.surroundings import Surroundings

SHELLS = ("bash", "zsh", "fish")
KEYS, PROFILES, REGIONS = "keys", "profiles", "regions"
KINDS = (KEYS, PROFILES, REGIONS)
_FILES = "files"
_BY_METAVAR = {"P": PROFILES, "R": REGIONS, "KEY": KEYS, "FILE": _FILES, "DIR": _FILES}
_MOST_BYTES = 1 << 18
_MOST_WORDS = 2_000
"""More than that no shell shows."""
_SECTION = late_pattern(r"^\s*\[\s*(?:profile\s+)?([^\]\s]+)\s*\]", re.MULTILINE)
_REGION = late_pattern(r"^\s*region\s*=\s*([a-z0-9-]+)", re.MULTILINE)
_REGION_IN_DATA = late_pattern(r'"([a-z]{2}(?:-[a-z]+)+-\d)"\s*:')

_BASH = """\
_kmstui_keys() { compgen -W "$(kmstui completion --words keys 2>/dev/null)" -- "$1"; }
_kmstui_profiles() { compgen -W "$(kmstui completion --words profiles 2>/dev/null)" -- "$1"; }
_kmstui_regions() { compgen -W "$(kmstui completion --words regions 2>/dev/null)" -- "$1"; }
_kmstui_keys_files() { _kmstui_keys "$1"; compgen -f -- "$1"; }
"""
_ZSH = """\
_kmstui_words() { compadd -- ${(f)"$(kmstui completion --words $1 2>/dev/null)"} }
_kmstui_keys() { _kmstui_words keys }
_kmstui_profiles() { _kmstui_words profiles }
_kmstui_regions() { _kmstui_words regions }
_kmstui_keys_files() { _kmstui_words keys; _files }
"""


def script(parser: Parser, shell: str) -> str:
    """The completion of a whole command line for a shell; needs shtab.

    Raises:
        ImportError: shtab is not there.
    """
    import shtab

    parser.fill_all()
    _mark(parser)
    preamble: Any = {"bash": _BASH, "zsh": _ZSH}
    done: str = shtab.complete(parser, shell=shell, preamble=preamble)
    return done


def _mark(parser: argparse.ArgumentParser) -> None:
    """Tell of each argument what stands there, by the word that its help has for it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _mark(each)
            continue
        shown = action.metavar if isinstance(action.metavar, str) else ""
        kinds = [_BY_METAVAR[each] for each in re.findall(r"\w+", shown) if each in _BY_METAVAR]
        if not kinds and {"OLD", "NEW"} & set(re.findall(r"\w+", shown)):
            kinds = [KEYS, _FILES]
        if kinds:
            action.complete = _way_of(sorted(set(kinds), key=kinds.index))  # type: ignore[attr-defined]


def _way_of(kinds: list[str]) -> Mapping[str, str]:
    """What each shell calls for a kind of word."""
    live = [each for each in kinds if each != _FILES]
    if not live:
        import shtab

        files: Any = shtab.FILE
        return dict(files)
    name = f"_kmstui_{live[0]}{'_files' if _FILES in kinds else ''}"
    files_too = "; __fish_complete_path (commandline -ct)" if _FILES in kinds else ""
    fish = f"(kmstui completion --words {live[0]} 2>/dev/null{files_too})"
    return {"bash": name, "zsh": name, "fish": fish}


def _options(parser: Parser) -> None:
    parser.add_argument("shell", nargs="?", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    parser.add_argument("--words", choices=KINDS, help=argparse.SUPPRESS)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    out = around.streams.out
    if options.words:
        names = {KEYS: around.names, PROFILES: profiles, REGIONS: regions}[options.words]()
        out.writelines(f"{name}\n" for name in islice(names, _MOST_WORDS) if name.isprintable())
        return 0
    if not options.shell:
        raise CommandError(f"Name a shell: {', '.join(SHELLS)}.")
    out.write(_shipped(options.shell) or _made(options.shell, around))
    return 0


def _shipped(shell: str) -> str:
    """The script that came with the wheel; empty in a checkout."""
    path = resources.files("kmstui").joinpath("completions", f"kmstui.{shell}")
    return path.read_text("utf-8") if path.is_file() else ""


def _made(shell: str, around: Surroundings) -> str:
    try:
        return script(around.parser(), shell)
    except ImportError:
        raise CommandError(
            "A checkout makes the script with shtab, which is not installed: `pip install shtab`."
            " A wheel of kmstui brings it along."
        ) from None


def _read(path: Path) -> str:
    """The beginning of a file; empty where it cannot be read at once."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            return (stream.read(_MOST_BYTES) or b"").decode("utf-8", "replace")
    except OSError:
        return ""


def _aws_files() -> list[str]:
    """The AWS CLI's files of settings and credentials, as it finds them."""
    named = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", _CREDENTIALS))
    paths = (os.path.expanduser(os.environ.get(name) or usual) for name, usual in named)  # noqa: PTH111
    return [_read(Path(path)) for path in paths]


_CREDENTIALS = "~/.aws/credentials"


def profiles() -> Iterable[str]:
    """The profiles of the AWS CLI's files."""
    return sorted({name for text in _aws_files() for name in _SECTION.findall(text)})


def regions() -> Iterable[str]:
    """The Regions of the AWS CLI's files, then all that botocore's list of partitions has."""
    found = dict.fromkeys(name for text in _aws_files() for name in _REGION.findall(text))
    # Its data alone is read: to import it takes longer than a shell should wait.
    spec = find_spec("botocore")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        listed = _read(Path(place) / "data" / "partitions.json")
        found |= dict.fromkeys(sorted(_REGION_IN_DATA.findall(listed)))
    return found


COMMAND = Command(
    "Print what makes a shell complete kmstui's commands, options, keys, aliases, profiles and"
    " Regions. Keys and aliases are those that the screens saw last; AWS is not asked.",
    _options,
    _run,
    examples=(
        ("completion bash > ~/.local/share/bash-completion/completions/kmstui", "for bash"),
        ("completion zsh > ~/.zfunc/_kmstui", "in a folder of zsh's fpath"),
        ("completion fish > ~/.config/fish/completions/kmstui.fish", "for fish"),
    ),
    exits={0: "it was printed", 2: "no shell was named, or one that is not known"},
)
