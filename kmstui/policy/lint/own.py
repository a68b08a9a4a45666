"""Rules that a person or a company wrote, loaded from files and installed packages.

A fault in one is a finding or a sentence, wherever it happens: as the file is read, when a rule is
declared, while it looks at a policy. Compare parliament's private auditors, a directory of modules
whose functions are run on each policy (its README, "Private auditors").
"""

from __future__ import annotations

import os
import stat
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from kmstui.model import late_pattern
from kmstui.policy.lint.core import (
    RULES,
    Check,
    Hit,
    IamVariant,
    PolicyKind,
    Rule,
    Severity,
    Subject,
)
from kmstui.policy.syntax import Fix, Span

ENTRY_POINTS = "kmstui.rules"
"""The group in which an installed package names modules with rules."""
MOST_BYTES = 1 << 20
"""Of a file of rules."""
MOST_HITS = 1000
"""That one rule reports in one policy: nobody reads more, and a loop without an end has more."""
_ID = late_pattern(r"[A-Z][A-Z0-9_-]{1,30}[0-9]")
_RESERVED = ("KMS", "KEY", "AWS")
"""How no other id begins: KMS506 and KEY01 are ours, and `AWS` is the word for what the service
refused."""
_ROOT = 0
_DECLARED = "_kmstui_rule"


class OwnRulesError(ValueError):
    """Rules cannot be loaded; the message is a clause that says why."""


def own_rule(
    id_: str,
    severity: Severity,
    title: str,
    *,
    url: str = "",
    policies: PolicyKind = PolicyKind.KEY,
) -> Callable[[Check], Check]:
    """Declare a function as a rule of one's own.

    It takes a `Subject` and yields a `Hit` for each place. The first paragraph of its docstring
    says what it finds, the rest why that matters.

    Args:
        id_: What `disable` and `--explain` call it, such as `ACME001`: capital letters, digits, `-`
            and `_`, a digit at the end. `KMS`, `KEY` and `AWS` at the beginning are taken.
        severity: How bad each finding is, where its `Hit` does not say otherwise.
        title: A short name.
        url: A page on it, if there is one.
        policies: Which policies it is about.

    Raises:
        ValueError: the id is none.
        TypeError: the severity or the kind of policies is none.
    """
    if not _ID.fullmatch(id_) or id_.startswith(_RESERVED):
        raise ValueError(
            f"{id_!r} is no id for a rule: it is capitals with a digit at the end, such as ACME001,"
            " and begins with none of KMS, KEY and AWS"
        )
    if not isinstance(severity, Severity) or not isinstance(policies, PolicyKind):
        raise TypeError(f"{id_} needs a Severity, and a PolicyKind where policies= is given")

    def declare(check: Check) -> Check:
        flags, _, why = (check.__doc__ or title).strip().partition("\n\n")
        flags, why = " ".join(flags.split()), " ".join(why.split())
        made = Rule(
            id_, severity, title, flags, why or flags, url, policies, (), IamVariant(), check
        )
        setattr(check, _DECLARED, made)
        return check

    return declare


def load_own_rules(sources: Sequence[str], directory: Path) -> None:
    """Make the rules of these files and entry points the own ones, in place of earlier ones.

    Args:
        sources: Paths, which have a `/` or end in `.py`, and names of entry points.
        directory: What paths are relative to.

    Raises:
        OwnRulesError: a source cannot be loaded, may be another's, or has an id twice.
    """
    made: dict[str, Rule] = {}
    for source in sources:
        for each in _declared(_load(source, directory)):
            if each.id in made:
                raise OwnRulesError(f"{source} declares {each.id}, which is declared before")
            made[each.id] = each._replace(check=_guarded(each, source))
    for id_ in [each for each in RULES if not each.startswith(_RESERVED)]:
        del RULES[id_]
    RULES.update(made)


def _load(source: str, directory: Path) -> object:
    if "/" not in source and not source.endswith(".py"):
        return _from_entry_point(source)
    try:
        path = directory / Path(source).expanduser()
        return _run(_text_of(path), path)
    except RuntimeError:
        raise OwnRulesError(f"nobody knows whose home {source} is in") from None
    except OSError as error:
        raise OwnRulesError(f"{source} cannot be read: {error.strerror}") from None


def _from_entry_point(name: str) -> object:
    found: list[EntryPoint] = list(entry_points(group=ENTRY_POINTS))
    for each in found:
        if each.name == name:
            with _Faults(name):
                loaded: object = each.load()
                return loaded
    names = ", ".join(sorted(each.name for each in found)) or "none"
    raise OwnRulesError(
        f"no installed package has an entry point {name!r} of {ENTRY_POINTS} (there is {names});"
        " a file is named by its path"
    )


def refuse_others_file(status: os.stat_result, path: Path) -> None:
    """Refuse a file that somebody else could have written, since code comes of it.

    Raises:
        OwnRulesError: it is no regular file, belongs to another user, or others may write it.
    """
    if not stat.S_ISREG(status.st_mode):
        raise OwnRulesError(f"{path} is not a regular file")
    if status.st_uid not in (os.geteuid(), _ROOT):
        raise OwnRulesError(f"{path} belongs to user {status.st_uid}, not to you")
    if stat.S_IMODE(status.st_mode) & 0o022:
        raise OwnRulesError(f"others may write {path}; `chmod go-w` it")


def _text_of(path: Path) -> bytes:
    """What the file holds: the very one that was looked at, whatever takes its name meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        refuse_others_file(os.fstat(descriptor), path)
        text = stream.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise OwnRulesError(f"{path} has more than {MOST_BYTES:,} bytes")
    return text


def _run(text: bytes, path: Path) -> ModuleType:
    module = ModuleType(f"kmstui_own_rules_{path.stem}")
    module.__file__ = str(path)
    # Dataclasses and the like look their module up by its name.
    sys.modules[module.__name__] = module
    with _Faults(str(path)):
        exec(compile(text, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    return module


class _Faults:
    """Makes a sentence of whatever is raised by code that is not ours."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, KeyboardInterrupt | OwnRulesError):
            return
        raise OwnRulesError(f"{self._source} fails: {_fault(error)}") from None


def _fault(error: BaseException) -> str:
    """What went wrong and in which line of whose code, on one line."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [each for each in frames if Path(each.filename) != Path(__file__)]
    line = getattr(error, "lineno", None) or (theirs[-1].lineno if theirs else None)
    where = "" if line is None else f" (line {line})"
    said = " ".join(str(getattr(error, "msg", "") or error).split())
    return f"{type(error).__name__}{': ' if said else ''}{said}{where}"


def _declared(loaded: object) -> Iterator[Rule]:
    """The rules among what a module names, or the one that an entry point names."""
    names: Iterable[Any] = vars(loaded).values() if isinstance(loaded, ModuleType) else (loaded,)
    found: dict[int, Rule] = {}
    for each in names:
        made = getattr(each, _DECLARED, None)
        if isinstance(made, Rule):
            found.setdefault(id(made), made)
    yield from found.values()


def _guarded(made: Rule, source: str) -> Check:
    """The rule's function, of which a fault becomes one more finding."""

    def check(subject: Subject) -> list[Hit]:
        hits: list[Hit] = []
        try:
            for hit in made.check(subject) or ():
                hits.append(_checked(hit, subject))
                if len(hits) > MOST_HITS:
                    _refuse(f"it reports more than {MOST_HITS:,} places")
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            place = Span(0, min(1, len(subject.text)))
            what = f"The rule {made.id} of {source} fails, so it says nothing: {_fault(error)}"
            return [Hit(place, what, severity=max(made.severity, Severity.WARNING))]
        return hits

    return check


def _checked(hit: object, subject: Subject) -> Hit:
    """The hit, if it is one that can be shown."""
    if not isinstance(hit, Hit) or not isinstance(hit.message, str):
        _refuse(f"it yields {type(hit).__name__} and not a Hit with its span and message")
    if not isinstance(hit.severity, Severity | None) or not isinstance(hit.fix, Fix | None):
        _refuse("a Hit's severity is a Severity, and its fix a Fix")
    start, end = hit.span
    if not 0 <= start <= end <= len(subject.text):
        _refuse(f"the span {start} to {end} is outside the policy")
    return hit._replace(span=Span(start, end))


def _refuse(why: str) -> NoReturn:
    raise ValueError(why)
