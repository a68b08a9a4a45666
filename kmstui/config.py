"""Settings: flags over environment over config.toml over defaults."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from kmstui.config_values import (
    READERS,
    ConfigError,
    Reader,
    keys_of,
    listed_of,
    posture_of,
    remembered_of,
    rules_by_key_of,
    rules_of,
    sets_of,
    themes_of,
    words_of,
)
from kmstui.model import Posture

APP = "kmstui"

_PREFIX = "KMSTUI_"
_NAMES_THE_FILE = f"{_PREFIX}CONFIG"

MOST_BYTES = 1 << 20
"""Of the config file; /dev/zero never ends."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose, from wherever they chose it: each field is a setting.

    Its name is the one in config.toml, its variable is KMSTUI_ and the name in capitals, and a flag
    of that name on the command line wins over both; but read-only is what any of them says.
    A variable that is empty is none. Empty strings mean: as boto3 or the terminal decides.
    """

    profile: str = field(default="", metadata={"read": listed_of})
    """One or several, with commas between them; so are Regions and accounts."""
    region: str = field(default="", metadata={"read": listed_of})
    """Or `all`: every Region that is enabled in the account."""
    role: str = ""
    """ARN of a role to assume with the profile; `{account}` stands for each of the accounts."""
    accounts: str = field(default="", metadata={"read": listed_of})
    """Whose role that is; or `all`: every account of the organization."""
    set: str = ""
    """The one of `sets` that is used."""
    sets: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = field(
        default=(), metadata={"read": sets_of, "file_only": "a table"}
    )
    """Profiles, Regions, role and accounts by a name: the tables `[sets.NAME]` of the file."""
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
    disable: tuple[str, ...] = field(default=(), metadata={"read": rules_of})
    """Ids of rules that are off, of the linter and of those about keys themselves."""
    posture: Posture = field(
        default_factory=Posture, metadata={"read": posture_of, "file_only": "a table"}
    )
    """What is wanted of keys themselves: the table `[posture]` of the file."""
    remember: tuple[str, ...] = field(
        default=("sort", "columns", "aws_keys", "widths", "view", "filters", "wrap", "names"),
        metadata={"read": remembered_of},
    )
    """What is remembered from one run to the next; `names` are those of keys, for the completion of
    a shell, and `connection` is the last profile and Region."""
    state_directory: str = ""
    """Where journal and log are kept; empty for the platform's state directory."""
    disable_by_key: tuple[tuple[str, tuple[str, ...]], ...] = field(
        default=(), metadata={"read": rules_by_key_of, "file_only": "a table"}
    )
    """Rules that are off for one key, by key ID: the table `[disable_by_key]` of the file."""
    keys: tuple[tuple[str, tuple[str, ...]], ...] = field(
        default=(), metadata={"read": keys_of, "file_only": "a table"}
    )
    """Keys of a person's own by the command's name: the table `[keys]` of the file."""
    themes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = field(
        default=(), metadata={"read": themes_of, "file_only": "a table"}
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
    return reader_of(name)(value, where)


def reader_of(name: str) -> Reader:
    """What makes a setting's value of what is written."""
    setting = _SETTINGS[name]
    reader: Reader = setting.metadata.get("read") or READERS[str(setting.type)]
    return reader


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


def with_set(settings: Settings) -> Settings:
    """The settings with what the set says that a person chose.

    Raises:
        ConfigError: there is no such set.
    """
    if not settings.set:
        return settings
    sets = dict(settings.sets)
    if settings.set not in sets:
        names = f"known ones are {', '.join(sorted(sets))}" if sets else "it has none"
        raise ConfigError(f"{config_path()} has no set {settings.set!r}: {names}.")
    return replace(settings, **dict(sets[settings.set]))  # type: ignore[arg-type]


def origin_of(
    name: str, flags: Mapping[str, object], environ: Mapping[str, str] = os.environ
) -> str:
    """What a setting that is not empty comes from: its flag, its variable or the file."""
    if flags.get(name):
        return f"--{name.replace('_', '-')}"
    variable = f"KMSTUI_{name.upper()}"
    return variable if environ.get(variable) else "config.toml"


def _from_file(path: Path, *, required: bool) -> dict[str, object]:
    table, status = _table_in(path, required=required)
    return {} if status is None else _settle(table, path, status)


def _table_in(path: Path, *, required: bool) -> tuple[dict[str, Any], os.stat_result | None]:
    """What the file says, and whose it is; nothing where there is no file."""
    try:
        data, status = _bytes_of(path)
        text = data.decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        # Accounts of services have no home: theirs is /dev/null, or does not exist.
        if required:
            raise ConfigError(
                f"The config file {path} (from KMSTUI_CONFIG) does not exist."
            ) from None
        return {}, None
    except OSError as error:
        raise ConfigError(f"The config file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The config file {path} is not valid TOML: {error}.") from error
    # Most people have no such file, and every `lint` would wait for the parser of one.
    import tomllib

    try:
        return tomllib.loads(text), status
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The config file {path} is not valid TOML: {error}.") from error
    except RecursionError:
        raise ConfigError(f"The config file {path} is nested too deeply to be read.") from None


def _settle(table: Mapping[str, Any], path: Path, status: os.stat_result) -> dict[str, object]:
    """The settings that a file's table makes."""
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
            _load_own_rules(words_of(value, name), path, status)
    return values


def problems_of(environ: Mapping[str, str] = os.environ) -> list[str]:
    """All that is wrong with the config file and the variables, each as a sentence.

    Settings are read one by one, so that one that is wrong hides no other.
    """
    found: list[str] = []
    jobs: list[partial[dict[str, object]]] = []
    try:
        path = config_path(environ)
        table, status = _table_in(path, required=bool(environ.get(_NAMES_THE_FILE)))
        if status is not None:
            ordered = sorted(table, key=lambda each: each not in _OWN_RULES)
            jobs += [partial(_settle, {name: table[name]}, path, status) for name in ordered]
    except ConfigError as error:
        found.append(str(error))
    ours = sorted(each for each in environ if each.startswith(_PREFIX))
    for job in (*jobs, *(partial(_from_environment, {each: environ[each]}) for each in ours)):
        try:
            job()
        except ConfigError as error:
            found.append(str(error))
    return found


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
