"""Questions about what was typed before, and about what is left now."""

from __future__ import annotations

from kmstui.service.editing import DraftOffer
from kmstui.ui.dialogs import Menu, MenuItem


def ask_about_draft(draft: DraftOffer, title: str) -> Menu:
    """Returns a menu of `take`, `stored` and `discard`; None is as `stored`."""
    who = f" Typed by {draft.caller}." if draft.caller else ""
    return Menu(
        f"{title}: {draft.sentence}{who}",
        [
            MenuItem("take", "Go on with the draft", key="g"),
            MenuItem("stored", "Look at the stored policy; the draft stays", key="s"),
            MenuItem("discard", "Discard the draft; the history keeps it", key="d"),
        ],
    )


def ask_about_typed(what: str, age: str) -> Menu:
    """Returns a menu of `take` and `discard`; None: begin anew, and the draft stays for now."""
    return Menu(
        f"{what}, typed {age} ago, were not sent.",
        [
            MenuItem("take", "Go on with them", key="g"),
            MenuItem("discard", "Begin anew; the history keeps them", key="d"),
        ],
    )


def kept_words(*, demo: bool) -> str:
    """What to say of a text that is kept."""
    return "draft kept until this demo ends" if demo else "draft kept"


def ask_to_leave(title: str, problem: str, *, demo: bool = False) -> Menu:
    """Returns a menu of `keep` and `discard`; None: stay."""
    if problem:
        heading = f"The changes of {title} are not kept anywhere. {problem}"
        keep = MenuItem("keep", "Leave; the changes are lost", key="l")
        return Menu(heading, [MenuItem("stay", "Stay", key="s"), keep])
    return Menu(
        f"The changes of {title} are not saved.",
        [
            MenuItem(
                "keep",
                f"Leave; they are kept as a draft{' until this demo ends' * demo}",
                key="l",
            ),
            MenuItem("discard", "Leave and discard; the history keeps them", key="d"),
            MenuItem("stay", "Stay", key="s"),
        ],
    )
