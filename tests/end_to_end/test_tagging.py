"""Tagging on a real terminal, over HTTP, with KMS's quotas on: true to the last key."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

from kmstui.ui.commands.command import EVERYWHERE
from kmstui.ui.commands.registry import all_commands
from kmstui.ui.main.views import VIEWS
from tests.pty_terminal import KEYS


def says(sentence):
    """Whether the screen says it, wrapped or in a box or not."""
    return lambda text: sentence in " ".join(text.replace("│", " ").split())


def tags_of(aws, key):
    """A key's tags as the AWS CLI lists them."""
    listed = aws("kms", "list-resource-tags", "--key-id", key)["Tags"]
    return {tag["TagKey"]: tag["TagValue"] for tag in listed}


def writes(embedded, after=0):
    return [
        each
        for each in embedded.control.requests(after=after)
        if each.operation in {"TagResource", "UntagResource"}
    ]


def id_of(arn):
    return arn.rsplit("/", 1)[-1]


def mark_taggable(terminal, most=99):
    """Mark keys that the instance's role may tag; returns how many."""
    terminal.send("/", "tag: -state:pendingdeletion -fifty -hr/ -security/ -role-only", "enter")
    terminal.send("*")
    terminal.wait_for(lambda text: re.search(r"Keys  \d+ of.* \d+ marked", text))
    found = re.search(r"(\d+) marked", terminal.text)
    assert found is not None
    shown = int(found[1])
    if shown > most:
        terminal.send("*", "g", *["space"] * most)
        terminal.wait_for(f"{most} marked")
    return min(most, shown)


def test_from_t_to_the_tag_as_kms_holds_it(kmstui, embedded, aws):
    terminal = kmstui()
    # Typed without looking, as over a slow line: each key meets what the ones before it made.
    terminal.send("/", "ImportedCMK", "enter")
    terminal.send("t", "project=kmsworkshop stage=test", "enter", "enter")
    terminal.wait_for(says("now has project=kmsworkshop stage=test (2 tags in all)."))
    key_id = embedded.control.key("alias/ImportedCMK").metadata["KeyId"]
    assert tags_of(aws, key_id) == {"project": "kmsworkshop", "stage": "test"}
    terminal.send("z")
    terminal.wait_for("Enter Sends it")
    terminal.send("enter")
    terminal.wait_for(says("has no tag project, stage any more"))
    assert tags_of(aws, key_id) == {}


def test_many_marked_keys_are_tagged_and_untagged_with_the_quotas_on(kmstui, embedded, aws):
    embedded.control.set_quotas(True)
    terminal = kmstui(columns=100, rows=30)
    count = mark_taggable(terminal, 24)
    for keys, wanted in ((("t", "bulk=yes"), "yes"), (("u", "bulk"), None)):
        before = embedded.control.requests()[-1].number
        terminal.send(*keys, "enter")
        terminal.wait_for(f"{count} keys of {count} will change")
        terminal.send("enter")
        terminal.wait_for("Esc Closes")
        assert f"{count} keys: {count} done." in terminal.text
        changed = writes(embedded, before)
        assert [each.error for each in changed] == [""] * count
        key_ids = [id_of(each.key) for each in changed]
        assert len(set(key_ids)) == count
        assert [embedded.control.key(each).tags.get("bulk") for each in key_ids] == [wanted] * count
        assert tags_of(aws, key_ids[0]).get("bulk") == wanted
        terminal.send("escape")
        terminal.wait_until_gone("Esc Closes")


def test_killed_in_the_middle_it_says_what_was_done_and_finishes_the_rest(kmstui, embedded):
    embedded.control.set_quotas(True)
    terminal = kmstui(columns=100, rows=30)
    count = mark_taggable(terminal)
    terminal.send("t", "bulk=yes", "enter")
    terminal.wait_for(f"{count} keys of {count} will change")
    terminal.send("enter")
    terminal.wait_for(lambda text: re.search(rf"[5-9] of {count} keys", text))
    terminal.kill()
    terminal.wait_exit()
    key_ids = [id_of(each.key) for each in writes(embedded)]

    second = kmstui(columns=100, rows=50)
    told = re.compile(r"KMS shows it on (\d+) keys, and not on (\d+)")
    second.wait_for(lambda text: told.search(" ".join(text.split())))
    done = {each for each in key_ids if embedded.control.key(each).tags.get("bulk") == "yes"}
    assert 0 < len(done) < count
    words = " ".join(second.text.split())
    assert f"A change of tags on {count} keys" in words
    said = told.search(words)
    assert said is not None
    assert (int(said[1]), int(said[2])) == (len(done), count - len(done))
    second.send("f")
    second.wait_for(f"{count - len(done)} keys of {count - len(done)} will change")
    second.send("enter")
    second.wait_for("Esc Closes")
    all_ids = {id_of(each.key) for each in writes(embedded)}
    assert len(all_ids) == count
    assert all(embedded.control.key(each).tags["bulk"] == "yes" for each in all_ids)
    second.send("escape")
    second.wait_until_gone("Esc Closes")
    second.send("q")
    second.wait_exit()

    third = kmstui()
    third.settle(0.3)
    assert "interrupted" not in third.text


def test_copied_commands_do_in_a_shell_what_the_plan_says(kmstui, embedded, bare_environment):
    terminal = kmstui("ImportedCMK")
    terminal.wait_for("❯ ImportedCMK")
    terminal.send("t", """'a b'=--x @y=z -k=c=d """, "enter")
    terminal.wait_for("Enter Sends it")
    terminal.send("y")
    terminal.wait_for(says("AWS CLI commands sent to"))
    command = copied(terminal)
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={
            **bare_environment,
            **embedded.environment_for("instance"),
            "PATH": f"{aws_directory()}:{bare_environment['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert embedded.control.key("alias/ImportedCMK").tags == {"a b": "--x", "@y": "z", "-k": "c=d"}


def copied(terminal):
    """The last text that was sent to the terminal's clipboard."""
    encoded = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)", bytes(terminal.raw))[-1]
    return base64.b64decode(encoded).decode()


def aws_directory():
    return Path(sys.executable).parent


CHARACTERS = {
    "question_mark": "?", "exclamation_mark": "!", "colon": ":", "slash": "/", "plus": "+",
    "equals_sign": "=", "minus": "-", "underscore": "_", "left_square_bracket": "[",
    "right_square_bracket": "]", "asterisk": "*",
}  # fmt: skip
SWITCH = ("P", "R", "r")


def keys_of(scope):
    """What a terminal sends for the keys of a scope; those that quit or read anew come last."""
    keys = {key for command in all_commands() if command.scope == scope for key in command.keys}
    known = [key for key in keys - {"q"} if key in CHARACTERS or key in KEYS or len(key) == 1]
    return [CHARACTERS.get(key, key) for key in sorted(known, key=lambda key: (key in SWITCH, key))]


def test_read_only_nothing_that_is_pressed_reaches_kms_as_a_change(
    kmstui, embedded, bare_environment
):
    bare_environment.update(VISUAL="true", EDITOR="true")
    terminal = kmstui("--read-only", "ImportedCMK")
    terminal.wait_for("READ-ONLY")
    views = [("3" + "]" * number, view.scope) for number, view in enumerate(VIEWS)]
    count = 0
    for place, scope in [("2", "aliases"), ("4", "tags"), *views, ("1", "keys"), ("1", EVERYWHERE)]:
        terminal.send(place)
        for key in keys_of(scope):
            # Whatever it opens gets answers that would send something.
            terminal.send(key, "enter", "y", "escape", "escape", place[0])
            terminal.settle(0.02)
            count += 1
    assert count > 55
    terminal.send("escape", "escape", "1")
    terminal.settle(0.3)
    reads = re.compile(r"(List|Describe|Get|Lookup|Select|Validate|Check|Simulate)")
    changes = [
        each
        for each in embedded.control.requests()
        if not reads.match(each.operation) and not each.parameters.get("DryRun")
    ]
    assert [f"{each.operation} {json.dumps(each.parameters)}" for each in changes] == []


def test_read_only_says_why(kmstui):
    terminal = kmstui("--read-only", "ImportedCMK")
    terminal.wait_for("READ-ONLY")
    for key in "tu":
        terminal.send(key)
        terminal.wait_for(says("This is read-only mode: start kmstui without --read-only"))
        terminal.send("escape")
        terminal.wait_until_gone("This is read-only mode")


def test_disabling_many_keys_killed_in_the_middle_is_finished_and_taken_back(kmstui, embedded, aws):
    embedded.control.set_quotas(True)
    terminal = kmstui(columns=100, rows=30)
    terminal.send("/", "state:enabled -hr/ -security/ -role-only", "enter", "*")
    terminal.wait_for(re.compile(r"Keys  \d+ of.* \d+ marked").search)
    terminal.send("x", "b")
    plan = re.compile(r"(\d+) keys of (\d+) will change; this disables")
    terminal.wait_for(lambda text: plan.search(" ".join(text.split())))
    found = plan.search(" ".join(terminal.text.split()))
    assert found is not None
    count = int(found[1])
    before = embedded.control.requests()[-1].number
    terminal.send("enter")
    terminal.wait_for(lambda text: re.search(rf"[5-9] of {count} keys", text))
    terminal.kill()
    terminal.wait_exit()

    def disabled():
        sent = embedded.control.requests(after=before)
        ids = {id_of(each.key) for each in sent if each.operation == "DisableKey"}
        return {each for each in ids if state(each) == "Disabled"}

    def state(key_id):
        return str(embedded.control.key(key_id).metadata["KeyState"])

    second = kmstui(columns=100, rows=50)
    told = re.compile(r"KMS shows it on (\d+) keys, and not on (\d+)")
    second.wait_for(lambda text: told.search(" ".join(text.split())))
    words = " ".join(second.text.split())
    said = told.search(words)
    assert said is not None
    assert f"A change of keys (disable) on {count} keys" in words
    done = len(disabled())
    assert 0 < done < count
    assert (int(said[1]), int(said[2])) == (done, count - done)
    second.send("f")
    second.wait_for(says(f"{count - done} keys of {count - done} will change"))
    second.send("enter")
    second.wait_for("Esc Closes")
    everyone = disabled()
    # A key that its policy denies the caller is told, and stops none of the others.
    failed = re.search(r"(\d+) failed", second.text)
    assert len(everyone) == count - (int(failed[1]) if failed else 0)
    one = next(iter(everyone))
    described = aws("kms", "describe-key", "--key-id", one)["KeyMetadata"]
    assert described["KeyState"] == "Disabled"
    second.send("z")
    second.wait_for(says(f"{count - done} keys of {count - done} will change; this enables"))
    second.send("enter")
    second.wait_for("Esc Closes")
    assert len(disabled()) == done
