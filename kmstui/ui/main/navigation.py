"""Going to panes and places of the main screen, and to another profile or Region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from kmstui.service.ports import CHOSEN, Target
from kmstui.ui.commands import POLICY, Context, Program

if TYPE_CHECKING:
    from kmstui.ui.main.main_screen import MainScreen
    from kmstui.ui.main.policy_view import PolicyView


def main_of(program: Program) -> MainScreen:
    """The screen with the panes, in front or not, with all that can be done to it."""
    return cast("MainScreen", program.main)


async def bring_forward(context: Context, scope: str) -> None:
    """Show a view of the chosen key in pane 3, or a pane, and give it the focus."""
    main = main_of(context.app)
    pane = next((each for each in main.panes if each.scope == scope), main.key_pane)
    if pane is main.key_pane:
        await main.key_pane.open_view(scope)
        if main.focused_pane is not pane:
            # As Enter on a key opens its policy: full size, until Esc.
            main.open_only(pane)
            return
    main.open_pane(pane)


def with_marks_told(act: Callable[[Context], object]) -> Callable[[Context], None]:
    """Ask first where a change is about marked keys that the filter hides."""

    def run(context: Context) -> None:
        from kmstui.ui.dialogs import Menu, MenuItem

        main = main_of(context.app)
        number, shown = len(main.targets), main.keys_pane.shown_marks
        hidden = number - len(shown) if main.keys_pane.table.marks else 0
        if not hidden:
            act(context)
            return
        items = [
            MenuItem("all", f"All {number} marked keys", "a"),
            MenuItem("shown", f"The {len(shown)} that are shown; the others lose their marks", "s",
                     off="" if shown else "None of them is shown."),
        ]  # fmt: skip

        def go(choice: str) -> None:
            if choice == "shown":
                main.keys_pane.table.set_marks(shown)
            act(context)

        title = f"{hidden} of the {number} marked keys are hidden: by the filter, or as AWS's own"
        context.app.ask(Menu(title, items), go)

    return run


async def show_policy(program: Program) -> PolicyView | None:
    """Show the chosen key's policy in pane 3; None where there is no text to show."""
    from kmstui.ui.main.policy_view import PolicyView

    main = main_of(program)
    await main.key_pane.open_view(POLICY)
    main.open_pane(main.key_pane)
    view = main.key_pane.view
    return view if isinstance(view, PolicyView) and view.viewer.display else None


async def go_to_offset(program: Program, offset: int) -> None:
    """Show the chosen key's policy with the cursor at a place of its text."""
    view = await show_policy(program)
    if view is None:
        return
    area = view.viewer.area

    def arrive() -> None:
        area.focus(scroll_visible=False)
        area.move_cursor(area.location_of(min(offset, len(area.text))), center=True)

    # A text that was hidden takes the focus, and can be scrolled, once it was laid out.
    main_of(program).call_after_refresh(arrive)


def switch(context: Context, target: Target) -> None:
    """Connect to another target; asks first when something is unsaved."""
    from kmstui.ui.dialogs import QuestionDialog

    words = context.app.unsaved_words()
    if not words:
        context.app.connect(target)
        return
    question = QuestionDialog("Switch?", words, yes="Switch")
    context.app.ask(question, lambda _: context.app.connect(target))


def switch_profile(context: Context, profile: str) -> None:
    """Connect with another profile, in its own Region unless a flag or a setting names one."""
    started = context.app.options.target
    if started.region_from == CHOSEN:
        started = replace(started, region="", region_from="")
    switch(context, replace(started, profile=profile))


def switch_region(context: Context, region: str) -> None:
    """Connect to another Region with the same profile."""
    switch(context, replace(context.session.target, region=region, region_from=CHOSEN))
