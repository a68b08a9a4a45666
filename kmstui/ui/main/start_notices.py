"""What a person must know before the first key is pressed."""

from __future__ import annotations

from kmstui.service.session import Session
from kmstui.ui.main.key_columns import KEY_COLUMNS
from kmstui.ui.runtime import UiOptions
from kmstui.ui.style import unknown_theme_words


def tell_at_start(session: Session, options: UiOptions) -> None:
    """Tell of settings that name nothing, and last, so that it is seen, of a journal in trouble."""
    unknown = [name for name in options.columns if name not in KEY_COLUMNS]
    if unknown:
        session.notify(
            f"The setting columns names {', '.join(unknown)}, but there is no such column; "
            f"there are {', '.join(KEY_COLUMNS)}.",
            "warning",
        )
    words = unknown_theme_words(options.theme, options.own_theme_names)
    if words:
        session.notify(words, "warning")
    if session.demo:
        session.notify(
            "A demo: its KMS runs on this computer, no account has these keys, and nothing is kept"
            " when it ends. ? begins with a first minute."
        )
    journal = session.journal
    if not journal.durable:
        # What comes of it first: the whole of it may not fit.
        session.notify(f"Nothing can be changed. {journal.warning}", "error")
    elif journal.warning:
        session.notify(journal.warning, "warning")
