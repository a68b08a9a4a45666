"""Whatever bytes a terminal sends, the program goes on and shows what it was sent."""

from __future__ import annotations

import os
import random


def test_bytes_that_are_no_text_are_seen_in_the_policy_and_end_nothing(kmstui):
    terminal = kmstui()
    terminal.wait_for("ImportedCMK")
    terminal.send("/", "alias:ImportedCMK", "enter", "e")
    terminal.wait_for('"Statement"')
    os.write(terminal.fd, b"caf\xe9 \x9b31m \xff\xc3")
    terminal.wait_for("caf\ufffd")
    os.write(terminal.fd, b"\x1b[200~from a file: \x80\x81\x00\x1b[201~")
    terminal.wait_for("from a file: \ufffd\ufffd")
    terminal.wait_for("KMS0")
    terminal.send("ctrl+s")
    terminal.wait_for("KMS will refuse this text as it stands")


def test_a_noisy_line_does_not_end_the_editor(kmstui):
    terminal = kmstui()
    terminal.send("/", "alias:ImportedCMK", "enter", "e")
    terminal.wait_for('"Statement"')
    noise = random.Random(20)
    # Not what leads out of the text: Esc, which may begin any key, and the control characters.
    letters = bytes(set(range(32, 256)) | {9, 10, 13, 11, 25, 26})
    for _ in range(60):
        os.write(terminal.fd, bytes(noise.choices(letters, k=40)))
        terminal.settle(0.01)
    terminal.send("ctrl+s")
    terminal.wait_for("KMS will refuse this text as it stands")
