"""Settings: flags over environment over config.toml over defaults."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

APP = "kmstui"

_PREFIX = "KMSTUI_"
_NAMES_THE_FILE = f"{_PREFIX}CONFIG"

MOST_BYTES = 1 << 20
"""Of the config file; /dev/zero never ends."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class ConfigError(Exception):
    """A setting cannot be read; the message is a sentence that names where it stands."""


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be text, not {value!r}.")
    return value


def _flag(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE:
        return True
    if isinstance(value, str) and value.lower() in _FALSE:
        return False
    raise ConfigError(f"{where} must be true or false, not {value!r}.")


def _words(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ConfigError(f"{where} must be a list of words, not {value!r}.")


def _rules(value: Any, where: str) -> tuple[str, ...]:
    words = _words(value, where)
    if not words:
        return ()
    # Most people turn nothing off, and the screens need the rules only later.
    from kmstui.policy.lint import UnknownRuleError, known_rule

    try:
        return tuple(map(known_rule, words))
    except UnknownRuleError as error:
        raise ConfigError(f"{where}: {error} `kmstui lint --list-rules` lists them all.") from None


def _rules_by_key(value: Any, where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of key IDs, not {value!r}.")
    return tuple((key, _rules(words, f"{key!r} of {where}")) for key, words in value.items())


REMEMBERED = ("sort", "columns", "aws_keys", "widths", "view", "filters", "wrap", "connection")
"""What can be remembered."""


def _remembered(value: Any, where: str) -> tuple[str, ...]:
    words = _words(value, where)
    if words == ("nothing",):
        return ()
    for word in words:
        if word not in REMEMBERED:
            raise ConfigError(
                f"{where} names {word!r}, which cannot be remembered; what can be is"
                f" {', '.join(REMEMBERED)}, or nothing."
            )
    return words


def _themes(value: Any, where: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ConfigError(f"{where} must be tables of colours, such as [themes.mine].")
    return tuple(
        (
            name,
            tuple(
                (part.replace("_", "-"), _text(colour, f"{part!r} of {name} in {where}"))
                for part, colour in colours.items()
            ),
        )
        for name, colours in value.items()
    )


def _keys(value: Any, where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of commands, not {value!r}.")
    return tuple(
        (name, (keys,) if isinstance(keys, str) else _words(keys, f"{name!r} of {where}"))
        for name, keys in value.items()
    )


_READERS: Mapping[str, Callable[[Any, str], object]] = {
    "str": _text,
    "bool": _flag,
    "tuple[str, ...]": _words,
}
"""By the type of a setting; one that is read in another way names its reader."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose, from wherever they chose it: each field is a setting.

    Its name is the one in config.toml, its variable is KMSTUI_ and the name in capitals, and a flag
    of that name on the command line wins over both; but read-only is what any of them says.
    A variable that is empty is none. Empty strings mean: as boto3 or the terminal decides.
    """

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    read_only: bool = False
    theme: str = ""
    mouse: bool = False
    bell: bool = False
    """Ring when what took long has ended: reading an account, a run over many keys."""
    ascii: bool = False
    """Draw symbols and lines with ASCII alone."""
    columns: tuple[str, ...] = ()
    """Columns of the keys table in order; empty for the usual ones."""
    disable: tuple[str, ...] = field(default=(), metadata={"read": _rules})
    """Ids of linter rules that are off."""
    remember: tuple[str, ...] = field(
        default=("sort", "columns", "aws_keys", "widths", "view", "filters", "wrap"),
        metadata={"read": _remembered},
    )
    """What is remembered from one run to the next; `connection` is the last profile and Region."""
    state_directory: str = ""
    """Where journal and log are kept; empty for the platform's state directory."""
    disable_by_key: tuple[tuple[str, tuple[str, ...]], ...] = field(
        default=(), metadata={"read": _rules_by_key, "file_only": "a table"}
    )
    """Rules that are off for one key, by key ID: the table `[disable_by_key]` of the file."""
    keys: tuple[tuple[str, tuple[str, ...]], ...] = field(
        default=(), metadata={"read": _keys, "file_only": "a table"}
    )
    """Keys of a person's own by the command's name: the table `[keys]` of the file."""
    themes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = field(
        default=(), metadata={"read": _themes, "file_only": "a table"}
    )
    """Themes of a person's own by name: the tables `[themes.NAME]` of the file."""
    own_rules: tuple[str, ...] = field(default=(), metadata={"file_only": "code that is run"})
    """Where one's own linter rules are: files, relative to config.toml, and entry points.

    They are loaded as the file is read, so that others of its settings can name them.
    """

    @property
    def state_path(self) -> Path:
        """Where journal and log are kept.

        Raises:
            ConfigError: the setting names nobody's home.
        """
        if self.state_directory:
            return _expanded(self.state_directory, "state_directory")
        import platformdirs

        return platformdirs.user_state_path(APP)


_SETTINGS = {each.name: each for each in fields(Settings)}


def _read(name: str, value: object, where: str) -> object:
    """The value of a setting; raises `ConfigError` where it cannot be one."""
    setting = _SETTINGS[name]
    read = setting.metadata.get("read") or _READERS[str(setting.type)]
    result: object = read(value, where)
    return result


def flags_of(options: Mapping[str, object]) -> dict[str, object]:
    """Those of a command's options that are settings."""
    return {name: value for name, value in options.items() if name in _SETTINGS}


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The config file: `KMSTUI_CONFIG`, or config.toml in the platform's config directory.

    Raises:
        ConfigError: `KMSTUI_CONFIG` names nobody's home.
    """
    named = environ.get(_NAMES_THE_FILE, "")
    if named:
        return _expanded(named, _NAMES_THE_FILE)
    return _config_directory(environ) / "config.toml"


def _expanded(path: str, where: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{where} names {path}, and nobody knows whose home that is in."
        ) from None


def _config_directory(environ: Mapping[str, str]) -> Path:
    """As platformdirs says, which takes longer to load than a policy to lint.

    On Linux it is the place of the XDG Base Directory Specification, which needs no library.
    """
    if sys.platform == "linux":
        # A relative path there is to be ignored, the specification says.
        base = Path(environ.get("XDG_CONFIG_HOME", ""))
        # Path.expanduser fails for a user who has no home, as in containers.
        home = os.path.expanduser("~/.config")  # noqa: PTH111
        return (base if base.is_absolute() else Path(home)) / APP
    import platformdirs

    return platformdirs.user_config_path(APP)


def has_aws_variables(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment says which profile or Region boto3 uses."""
    return any(environ.get(f"AWS_{name}") for name in _CHOOSING)


_CHOOSING = ("PROFILE", "DEFAULT_PROFILE", "REGION", "DEFAULT_REGION", "ACCESS_KEY_ID")


def load_settings(flags: Mapping[str, object], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settle every setting; a flag that is None was not given.

    Raises:
        ConfigError: the file or a variable cannot be read, or names what does not exist; a file
            that is not there is fine, unless `KMSTUI_CONFIG` names it.
    """
    named = bool(environ.get(_NAMES_THE_FILE))
    in_file = _from_file(config_path(environ), required=named)
    settled = in_file | _from_environment(environ)
    # Whoever wrote down that nothing may be changed is not overruled by what a shell inherited.
    settled["read_only"] = bool(in_file.get("read_only") or settled.get("read_only"))
    settled |= {name: value for name, value in flags.items() if value is not None}
    return Settings(**settled)  # type: ignore[arg-type]


def origin_of(
    name: str, flags: Mapping[str, object], environ: Mapping[str, str] = os.environ
) -> str:
    """What a setting that is not empty comes from: its flag, its variable or the file."""
    if flags.get(name):
        return f"--{name.replace('_', '-')}"
    variable = f"KMSTUI_{name.upper()}"
    return variable if environ.get(variable) else "config.toml"


def _from_file(path: Path, *, required: bool) -> dict[str, object]:
    try:
        data, status = _bytes_of(path)
        text = data.decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        # Accounts of services have no home: theirs is /dev/null, or does not exist.
        if required:
            raise ConfigError(
                f"The config file {path} (from KMSTUI_CONFIG) does not exist."
            ) from None
        return {}
    except OSError as error:
        raise ConfigError(f"The config file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The config file {path} is not valid TOML: {error}.") from error
    # Most people have no such file, and every `lint` would wait for the parser of one.
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The config file {path} is not valid TOML: {error}.") from error
    except RecursionError:
        raise ConfigError(f"The config file {path} is nested too deeply to be read.") from None
    values: dict[str, object] = {}
    # Own rules first: other settings name them.
    for name in sorted(table, key=lambda each: each not in _OWN_RULES):
        plain, value = name.replace("-", "_"), table[name]
        if plain not in _SETTINGS:
            raise ConfigError(
                f"The config file {path} has an unknown setting"
                f" {name!r}{_known_ones(plain, _SETTINGS)}"
            )
        values[plain] = _read(plain, value, f"{name!r} in {path}")
        if name in _OWN_RULES and value:
            _load_own_rules(_words(value, name), path, status)
    return values


_OWN_RULES = ("own_rules", "own-rules")


def _load_own_rules(sources: tuple[str, ...], path: Path, status: os.stat_result) -> None:
    """Run the code of the rules that a person's own config file names."""
    from kmstui.policy.lint import OwnRulesError, load_own_rules, refuse_others_file

    try:
        refuse_others_file(status, path)
        load_own_rules(sources, path.parent)
    except OwnRulesError as error:
        raise ConfigError(f"The rules that {path} names are not loaded: {error}.") from None


def _bytes_of(path: Path) -> tuple[bytes, os.stat_result]:
    """What the file holds, and whose it is.

    Raises:
        OSError: it cannot be read.
        ConfigError: reading it would take for ever.
    """

    def without_waiting(name: str, flags: int) -> int:
        # A pipe would be waited for until somebody writes into it.
        return os.open(name, flags | os.O_NONBLOCK)

    with open(path, "rb", opener=without_waiting) as stream:
        status = os.fstat(stream.fileno())
        if stat.S_ISFIFO(status.st_mode):
            raise ConfigError(f"The config file {path} is a pipe; it must be a file.")
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ConfigError(
            f"The config file {path} has more than {MOST_BYTES:,} bytes, which no such file has."
        )
    return data, status


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    names = {f"{_PREFIX}{name.upper()}": name for name in _SETTINGS}
    file_only = {
        variable: kind
        for variable, name in names.items()
        if (kind := _SETTINGS[name].metadata.get("file_only"))
    }
    known = [_NAMES_THE_FILE, *(names.keys() - file_only)]
    values: dict[str, object] = {}
    for variable in sorted(each for each in environ if each.startswith(_PREFIX)):
        if variable in file_only:
            raise ConfigError(
                f"{variable} is set, but {names[variable]} is {file_only[variable]}: it can stand"
                " in the config file alone."
            )
        if variable not in known:
            # Whoever misspells KMSTUI_READ_ONLY must not believe that nothing can be changed.
            raise ConfigError(
                f"The environment has an unknown variable {variable}{_known_ones(variable, known)}"
            )
        # An empty one is as good as none: `KMSTUI_X= kmstui` must not undo what the file says.
        if variable != _NAMES_THE_FILE and environ[variable]:
            values[names[variable]] = _read(names[variable], environ[variable], variable)
    return values


def _known_ones(name: str, known: Iterable[str]) -> str:
    """How a sentence about an unknown name ends."""
    from kmstui.policy.iam import did_you_mean

    known = sorted(known)
    # All variables begin alike, which would make any of them near.
    by_end = {each.removeprefix(_PREFIX): each for each in known}
    near = did_you_mean(name.removeprefix(_PREFIX), by_end)
    hint = f"; did you mean {by_end[near]}? Known" if near else "; known"
    return f"{hint} ones are {', '.join(known)}."
