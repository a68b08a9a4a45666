"""What the start imports, and what is imported once the first keys are drawn."""

import subprocess
import sys

AT_THE_START = """
import sys
import kmstui.bootstrap, kmstui.ui.app
print(*(name for name in sys.modules if name.partition(".")[0] in ("kmstui", "pygments", "csv")))
"""
OPENED_LATER = {
    "csv",
    "pygments",
    "kmstui.policy.findings",
    "kmstui.service.editing",
    "kmstui.service.tagging",
    "kmstui.ui.editor.viewer",
    "kmstui.ui.screens.dialog",
    "kmstui.ui.tagging.line",
    "kmstui.ui.views.policy",
}
AHEAD = """
import pkgutil, sys
import kmstui.ui, kmstui.ui.app
from kmstui.ui.ahead import import_ahead
import_ahead().join()
names = {each.name for each in pkgutil.walk_packages(kmstui.ui.__path__, "kmstui.ui.")}
print(*(names - sys.modules.keys()), "kmstui.policy.rules" in sys.modules)
"""


def run(program):
    answer = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return answer.stdout.split()


def test_the_first_frame_waits_for_nothing_that_is_opened_later():
    assert not OPENED_LATER.intersection(run(AT_THE_START))


def test_nothing_of_the_screens_is_left_to_import_when_it_is_opened():
    assert run(AHEAD) == ["True"]
