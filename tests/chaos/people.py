"""A person at random: opens, types, saves, tags, names, restores, kills; and remembers what."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import ne
from pathlib import Path

from tests.chaos import key_changes
from tests.pty_terminal import PtyTerminal, TerminalTimeoutError

SID = "CHAOS"
"""Stands in the policy of each key; a person's words are typed behind it."""

ROOT = "arn:aws:iam::418259630147:root"

SIZES = ((80, 24), (100, 30), (60, 15), (132, 43), (200, 50), (40, 10))

HARMLESS = (
    *"jkghlG0123456789?:snNmo*[]+_<>=.,yrc", "space", "tab", "shift+tab", "escape", "up", "down",
    "left", "right", "pageup", "pagedown", "home", "end", "f1", "f2", "f8", "ctrl+d", "ctrl+u",
    "ctrl+r", "ctrl+f", "ctrl+g", "/",
)  # fmt: skip
"""Keys that may be pressed anywhere; nothing that they open sends a change without Enter."""

PATIENCE = 8.0
"""Seconds for which a person waits for something, faults being what they are."""

_HEADER = re.compile(r"\A\s*(kmstui )?.*(418259630147 ·|\d accounts? ·)")
"""Of the main screen."""

FOUND = re.compile(r"\d+ of \d+")
"""The editor has found what was searched."""

SEVERAL = "eu-west-1,us-east-1"
"""Regions that a program may be connected with at once."""

ENDS = ("quit", "kill", "term", "hang-up")


@dataclass
class Typed:
    """What a person typed, and the program said that it keeps."""

    word: str
    alias: str
    home: Path


@dataclass
class Person:
    """One program on one terminal, and who sits before it."""

    name: str
    environment: Mapping[str, str]
    home: Path
    keys: tuple[str, ...]
    """The aliases of the keys that are changed, without the prefix."""
    dice: random.Random
    run: str = ""
    """The run of the program, as KMS sees it in the user agent."""
    number: int = 0
    typed: list[Typed] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    """How often what was done, for the figures."""
    waited_in_vain: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start the program; it need not come up, faults being what they are."""
        self.number += 1
        self.run = f"{self.name}-{self.number}"
        columns, rows = self.dice.choice(SIZES)
        several = ["--region", SEVERAL] if self.dice.random() < 0.2 else []
        self.terminal = PtyTerminal(
            [sys.executable, "-m", "kmstui", *several],
            columns=columns,
            rows=rows,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "LANG": "C.UTF-8",
                "KMSTUI_STATE_DIRECTORY": str(self.home / "state"),
                **self.environment,
                # Is a part of the user agent that botocore sends.
                "AWS_EXECUTION_ENV": self.run,
            },
            cwd=str(self.home),
            waits_seconds=PATIENCE,
        )

    def act(self) -> None:
        """Do one thing."""
        kind = type(self)
        actions: tuple[tuple[int, Callable[[Person], None]], ...] = (
            (8, kind.edit), (3, kind.tag), (2, kind.tag_many), (2, kind.name_it), (2, kind.restore),
            (2, kind.add_statement), (3, kind.press_anything), (3, kind.resize), (1, kind.refresh),
            (2, kind.kill_aws), (2, key_changes.change_state), (2, key_changes.change_rotation),
            (2, key_changes.delete_alias), (2, key_changes.rename_tag),
        )  # fmt: skip
        weights, doable = zip(*actions, strict=True)
        (chosen,) = self.dice.choices(doable, weights)
        self._count(self.done, chosen.__name__)
        try:
            self.go_home()
            chosen(self)
        except TerminalTimeoutError:
            self._count(self.waited_in_vain, chosen.__name__)
        self.look()

    def end(self, how: str) -> None:
        """End the program in one way or another."""
        self._count(self.done, how)
        self.look()
        if how == "quit":
            with contextlib.suppress(TerminalTimeoutError):
                self.go_home()
        # On its way home a program that had ended was started again.
        terminal = self.terminal
        if how == "hang-up":
            try:
                terminal.hang_up()
            except TerminalTimeoutError as error:
                self.troubles.append(f"{self.run}: {error}")
        elif how == "quit":
            with contextlib.suppress(TerminalTimeoutError):
                terminal.send("ctrl+q")
                terminal.settle(0.2, timeout=2)
                # Where something is under way or unsaved it asks.
                terminal.send("y")
                terminal.wait_exit(timeout=PATIENCE)
        else:
            terminal.kill(signal.SIGKILL if how == "kill" else signal.SIGTERM)
            with contextlib.suppress(TerminalTimeoutError):
                terminal.wait_exit(timeout=PATIENCE)
        if how == "term" and terminal._status is None:
            self.troubles.append(f"{self.run} outlived SIGTERM:\n{terminal.text}")
        terminal.close()
        self.look()

    def look(self) -> None:
        """What nobody must ever see."""
        for bad in (b"Traceback (most recent", b"A fault in kmstui", b"kmstui had to stop"):
            if bad in self.terminal.raw:
                self.troubles.append(f"{self.run}: {bad.decode()!r}\n{self.terminal.text}")
        self.terminal.raw.clear()

    # What is done

    def go_home(self) -> None:
        """To the keys, keeping what was typed."""
        terminal = self.terminal
        for _ in range(12):
            text = terminal.settle(0.05, timeout=2)
            if terminal._status is not None:
                self._count(self.done, "start again")
                terminal.close()
                self.look()
                self.start()
                terminal = self.terminal
                terminal.wait_for("4 Tags")
                continue
            if "Leave; they are kept as a draft" in text:
                terminal.send("l")
            elif _HEADER.search(text) and "┌─" not in text:
                # Narrower, where a pane fills the screen; on, where the loading was stopped.
                terminal.send("1", *["_"] * ("4 Tags" not in text), *["r"] * ("stopped" in text))
                return
            elif "not connected" in text and "r to connect" in " ".join(text.split()):
                terminal.send("r")
            elif "Connecting…" in text and "┌─" not in text:
                # Esc would end a connection that is still being made, on a loaded machine for ever.
                with contextlib.suppress(TerminalTimeoutError):
                    terminal.wait_for(lambda text: "Connecting…" not in text)
                continue
            elif text.strip():
                terminal.send("escape")
            with contextlib.suppress(TerminalTimeoutError):
                terminal.wait_for(partial(ne, text), timeout=1.5)
        raise TerminalTimeoutError(f"no way home:\n{terminal.text}")

    def choose(self) -> str:
        """Show one key alone; returns its alias."""
        alias = self.dice.choice(self.keys)
        self.terminal.send("/", "ctrl+u", f"alias:{alias}", "enter")
        self.terminal.wait_for(lambda text: f"alias/{alias}" in text and " of " in text)
        return alias

    def edit(self) -> None:
        """Type a word into a policy, and save it, leave it, or be interrupted."""
        alias, terminal = self.choose(), self.terminal
        terminal.send("e")
        terminal.wait_for(lambda text: SID in text or "Go on with the draft" in text)
        if "Go on with the draft" in terminal.text:
            terminal.send("g")
            terminal.wait_for(SID)
        if self._type(alias):
            self._save()

    def restore(self) -> None:
        """Bring back a version of the history, type into it, save it."""
        alias, terminal = self.choose(), self.terminal
        terminal.send("3")
        for _ in range(7):
            if "TIME UTC" in terminal.settle(0.1, timeout=2):
                break
            terminal.send("]")
        terminal.wait_for("TIME UTC")
        terminal.send(*["down"] * self.dice.randrange(4), "b")
        terminal.wait_for(lambda text: "Ctrl-s" in text or "Go on with the draft" in text)
        if "Go on with the draft" in terminal.text:
            terminal.send("g")
        terminal.wait_for(SID)
        if self._type(alias):
            self._save()

    def _type(self, alias: str) -> bool:
        """Type a word behind the Sid; False where it did not come to that."""
        terminal, word = self.terminal, f"w{self.dice.getrandbits(32):08x}"
        terminal.send("ctrl+f", "ctrl+u", f'"{SID}', "enter")
        terminal.wait_for(FOUND.search)
        terminal.send("escape")
        terminal.wait_for(lambda text: not FOUND.search(text))
        terminal.send(f'"{SID} {word}')
        terminal.wait_for(
            lambda text: any(word in line and '"Sid"' in line for line in text.split("\n"))
        )
        self._is_kept(word, alias)
        return self.dice.random() < 0.8

    def _is_kept(self, word: str, where: str) -> None:
        """Note what was typed, once that is said to be kept."""
        self.terminal.wait_for("draft kept")
        # That was said of the text before, too: a moment later it holds for this one.
        self.terminal.settle(0.3, timeout=2)
        self.typed.append(Typed(word, where, self.home))

    def _save(self) -> None:
        terminal = self.terminal
        terminal.send("ctrl+s")
        terminal.wait_for("After this save")
        if self.dice.random() < 0.1:
            return
        terminal.send("y")
        if self.dice.random() < 0.3:
            self.interrupt()
            return
        terminal.wait_for(
            lambda text: re.search(
                r"read back|refused|not known|changed it|since you|conflict|nothing was sent|failed"
                r"|nothing has changed|wait",
                " ".join(text.split()),
                re.IGNORECASE,
            )
        )
        terminal.settle(0.1, timeout=1)

    def interrupt(self) -> None:
        """Let a moment pass, then end it."""
        self.terminal.settle(0.01, timeout=self.dice.random() * 0.6)
        self.end(self.dice.choice(("kill", "term", "hang-up")))
        self.start()
        self.terminal.wait_for("4 Tags")

    def add_statement(self) -> None:
        """Type a statement, add it to several keys, or be interrupted in that."""
        terminal, word = self.terminal, f"w{self.dice.getrandbits(32):08x}"
        terminal.resize(100, 30)
        self.mark_many()
        terminal.send("S", "a")
        by_hand = "Esc writes one by hand"
        terminal.wait_for(lambda text: by_hand in text or "Go on with them" in text)
        # What lies there is put away at once or gone on with.
        if taken := "Go on with them" in terminal.text and self.dice.random() < 0.5:
            terminal.send("g")
        elif "Go on with them" in terminal.text:
            terminal.send("d")
            terminal.wait_for(by_hand)
        if not taken:
            terminal.send("escape")
        terminal.wait_for(lambda text: by_hand not in text and '"Statement": [' in text)
        terminal.send("ctrl+f", "ctrl+u", '"Statement": [', "enter")
        terminal.wait_for(FOUND.search)
        terminal.send("escape")
        terminal.wait_for(lambda text: not FOUND.search(text))
        # What was found is selected: this takes its place.
        terminal.paste(
            f'"Statement": [{{"Sid": "{word}", "Effect": "Allow", "Principal": {{"AWS": "{ROOT}"}},'
            f' "Action": "kms:DescribeKey", "Resource": "*", "Condition": {{"StringEquals":'
            f' {{"kms:EncryptionContext:word": "{word}"}}}}}}{"," * taken}'
        )
        self._is_kept(word, "statements")
        terminal.send("ctrl+s")
        terminal.wait_for("All together")
        for _ in range(8):
            text = terminal.settle(0.5, timeout=2)
            if "Each is read again" in text or "No key is left" in text:
                break
            terminal.send("y")
        if "Each is read again" not in text or self.dice.random() < 0.2:
            return
        terminal.send("y")
        if self.dice.random() < 0.3:
            self.interrupt()
            return
        terminal.wait_for("Policies of")

    def tag(self) -> None:
        """Tag one key."""
        self.choose()
        self._send_tags(1)

    def tag_many(self) -> None:
        """Tag all of the keys in one run, which may go on while other things are done."""
        self.mark_many()
        self._send_tags(2)
        if self.dice.random() < 0.3:
            self.interrupt()

    def mark_many(self) -> None:
        terminal = self.terminal
        terminal.send("/", "ctrl+u", "tag: -state:pendingdeletion orders", "enter")
        terminal.settle(0.1, timeout=1)
        terminal.send("*")
        terminal.wait_for("marked")

    def _send_tags(self, enters: int) -> None:
        terminal = self.terminal
        value = f"v{self.dice.getrandbits(32):08x}"
        terminal.send("t", f"{self.name}={value}", "enter")
        terminal.settle(0.1, timeout=2)
        terminal.send(*["enter"] * enters)
        terminal.settle(0.2, timeout=self.dice.random() * 3)

    def name_it(self) -> None:
        """Give a key one more alias."""
        self.choose()
        terminal = self.terminal
        terminal.send("A", "c", f"chaos/{self.dice.getrandbits(32):08x}", "enter")
        terminal.settle(0.2, timeout=self.dice.random() * 2)

    def press_anything(self) -> None:
        """Keys at random."""
        for _ in range(self.dice.randrange(5, 60)):
            self.terminal.send(self.dice.choice(HARMLESS))
            if self.dice.random() < 0.2:
                self.terminal.read(0.02)

    def resize(self) -> None:
        """Other sizes, in a row, with keys between."""
        for _ in range(self.dice.randrange(1, 6)):
            self.terminal.resize(*self.dice.choice(SIZES))
            self.terminal.send(self.dice.choice(("j", "k", "?", "escape", "1", "3")))
            self.terminal.read(self.dice.choice((0.0, 0.005, 0.05)))
        self.terminal.resize(100, 30)

    def refresh(self) -> None:
        """Read everything again."""
        self.terminal.send("ctrl+r" if self.dice.random() < 0.3 else "r")

    def kill_aws(self) -> None:
        """End the process that calls AWS."""
        with contextlib.suppress(ValueError, OSError):
            os.kill(self.terminal.child("kmstui.aws.process"), signal.SIGKILL)
        self.terminal.settle(0.2, timeout=1)

    def accept_tags(self, is_done: Callable[[], bool]) -> bool:
        """Leave each interrupted change of tags as it is found; whether there is none any more."""
        for text in self._screens(lambda _: is_done()):
            if "An interrupted change of tags" in text:
                self.terminal.send("a")
            elif "r to connect" in " ".join(text.split()):
                self.terminal.send("r")
        return is_done()

    def messages(self, are_enough: Callable[[str], bool]) -> str:
        """What is told, once that is enough; in the end, whatever it is."""
        self.go_home()
        self.terminal.resize(200, 50)
        self.terminal.send("!")
        return [*self._screens(are_enough), self.terminal.text][-1]

    def _screens(self, until: Callable[[str], bool]) -> Iterator[str]:
        deadline = time.monotonic() + 40
        text = self.terminal.settle(0.3, timeout=2)
        while not until(text) and time.monotonic() < deadline:
            yield text
            text = self.terminal.settle(0.3, timeout=2)

    def answers(self) -> bool:
        """Whether the program still does what it is told."""
        deadline = time.monotonic() + 20
        terminal = self.terminal
        size = 0
        while time.monotonic() < deadline and terminal._status is None:
            terminal.raw.clear()
            size += 1
            terminal.resize(90 + size % 2, 30)
            if terminal.settle(0.1, timeout=2) and terminal.raw:
                return True
        return terminal._status is not None

    def _count(self, figures: dict[str, int], name: str) -> None:
        figures[name] = figures.get(name, 0) + 1
