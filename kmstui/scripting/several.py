"""What commands read over several connections at once: rows of each, and a line for one that fails.

A connection that is denied or out of reach stops none of the others; the exit code says that
something is missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from kmstui.model import Arn
from kmstui.scripting.command import CommandError, complain
from kmstui.scripting.each_connection import Answer
from kmstui.scripting.parser import COULD_NOT_RUN, target_of
from kmstui.scripting.table import Column
from kmstui.service.errors import FailedError, NotFoundError
from kmstui.service.ports import Gateway

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

T = TypeVar("T")

PLACE = (Column("account", "ACCOUNT"), Column("region", "REGION"))
"""What stands before the other columns where several connections are read."""


def place_of(arn: str) -> dict[str, str | None]:
    """Account and Region of an ARN, by the ids of `PLACE`."""
    found = Arn.maybe(arn)
    return {"account": found.account if found else None, "region": found.region if found else None}


def columns_over(session: Session, columns: Sequence[Column]) -> Sequence[Column]:
    """Account and Region before them, where several connections are open."""
    return (*PLACE, *columns) if len(session.each) > 1 else columns


@dataclass(frozen=True, slots=True)
class Answers(Generic[T]):
    """What all connections told."""

    values: tuple[T, ...]
    several: bool
    """Whether there may be more than one."""
    code: int = 0
    """`COULD_NOT_RUN` where one could not be read."""


def read_each(
    options: argparse.Namespace,
    around: Surroundings,
    read: Callable[[Gateway], Awaitable[T]],
    key: str = "",
) -> Answers[T]:
    """What `read` makes of each connection of a command; why one told nothing is said.

    Args:
        options: Of the command.
        around: Where it is run.
        read: Reads over one connection.
        key: The key that a person named, which need not be in each of them.

    Raises:
        ServiceError: there is one connection alone, and it told nothing.
        CommandError: no connection has the key.
    """
    live, target = around.live(), target_of(options)
    if not live.is_several(target):
        return Answers((live.run(target, read),), several=False)

    async def read_there(gateway: Gateway) -> T:
        await _refuse_elsewhere(gateway, key)
        return await read(gateway)

    answers = live.each(target, read_there)
    values = tuple(each.value for each in answers if each.value is not None)
    lines = tuple(_problems(answers, without_missing=bool(key)))
    for line in lines:
        complain(line, around.streams.err, f"kmstui {options.command}")
    if key and not values and not lines:
        raise CommandError(f"No key of these {len(answers)} connections goes by {key}.")
    return Answers(values, several=True, code=COULD_NOT_RUN if lines else 0)


def _problems(answers: list[Answer[T]], *, without_missing: bool) -> Iterator[str]:
    for each in answers:
        if each.words:
            yield f"{each.label}: {each.words}"
        if each.error is not None and not (
            without_missing and isinstance(each.error, NotFoundError)
        ):
            yield f"{each.label}: {each.error.sentence}"


async def _refuse_elsewhere(gateway: Gateway, name: str) -> None:
    """An ARN names account and Region: another connection is not asked about it.

    Raises:
        NotFoundError: the key is not of this connection.
    """
    arn = Arn.maybe(name)
    if arn is None:
        return
    try:
        account = (await gateway.caller()).account
    except FailedError:
        account = arn.account
    if (account, gateway.info.region) != (arn.account, arn.region):
        raise NotFoundError(f"{name} is not of this account and Region")
