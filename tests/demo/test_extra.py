"""Without the extra “demo”, or with half of it, one sentence says what to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from kmstui.bootstrap import StartError, run_app
from kmstui.config import load_settings
from kmstui.demo import EmbeddedError, why_no_demo
from kmstui.demo.embedded import why_it_ended
from tests.control import ControlledKms

COMMAND = "pip install 'kmstui[demo]'"


def test_an_installed_extra_is_not_remarked_on() -> None:
    assert why_no_demo() == ""


def test_without_the_extra_the_program_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kmstui.demo.embedded.find_spec", lambda name: None)
    with pytest.raises(StartError, match="needs moto and waitress and cbor2") as raised:
        run_app(load_settings({}), key="", demo=True, demo_keys=0)
    assert COMMAND in str(raised.value)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("cbor2.py", "import no_such_part", "The demo needs no_such_part, which is missing"),
        ("moto/__init__.py", "", "The demo needs moto, which is missing or incomplete"),
        (
            "waitress/server.py",
            "from json import no_such_name",
            "The demo's libraries do not fit together (cannot import name 'no_such_name'",
        ),
    ],
)
def test_a_child_that_cannot_import_is_told_in_one_sentence(
    file: str, text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / file
    module.parent.mkdir(exist_ok=True)
    (module.parent / "__init__.py").touch()
    module.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EmbeddedError) as raised:
        ControlledKms.start()
    sentence = str(raised.value)
    assert sentence.startswith(said)
    assert COMMAND in sentence
    assert "Traceback" not in sentence
    assert "\n" not in sentence


def test_a_python_that_cannot_start_is_told_by_its_reason() -> None:
    printed = (
        "Python path configuration:\n  PYTHONHOME = '/nowhere'\n"
        "Fatal Python error: init_sys_streams: can't initialize sys standard streams\n"
        "Python runtime state: core initialized\n"
        "OSError: [Errno 9] Bad file descriptor\n\n"
        "Current thread 0x00007f (most recent call first):\n  <no Python frame>\n"
    )
    assert why_it_ended(printed) == (
        "The embedded KMS ended while starting: OSError: [Errno 9] Bad file descriptor"
    )
    assert why_it_ended("") == "The embedded KMS ended while starting: it printed no reason"
