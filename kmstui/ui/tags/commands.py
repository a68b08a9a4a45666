"""Commands that change tags."""

from __future__ import annotations

from collections.abc import Callable

from kmstui.model import Tag
from kmstui.ui.commands import EVERYWHERE, TAGS, Command, Context, needs_writing, no_changes
from kmstui.ui.main import main_of, with_marks_told
from kmstui.ui.runs import RunController
from kmstui.ui.tags.controller import TagController


def _tags(context: Context) -> TagController:
    return context.app.part(TagController)


def _can_tag(context: Context) -> str | None:
    if reason := needs_writing(context):
        return reason
    refusals = [_refusal(context, key_id) for key_id in context.targets]
    # Of several keys those that can be tagged are, and the plan says why the others cannot.
    return refusals[0] if refusals and all(refusals) else None


def _refusal(context: Context, key_id: str) -> str:
    from kmstui.service.tags import tag_refusal

    key = context.store.keys.get(key_id)
    return tag_refusal(key, context.store.name_of(key_id)) if key is not None else ""


def _can_untag(context: Context) -> str | None:
    if reason := _can_tag(context):
        return reason
    keys = [context.store.keys[key_id] for key_id in context.targets]
    if all(key.tags == () for key in keys):
        name = context.store.name_of(keys[0].id)
        return f"{name} has no tags." if len(keys) == 1 else "None of the marked keys has a tag."
    return None


def _tag_in_sight(context: Context) -> tuple[str, Tag] | None:
    pane = main_of(context.app).tags_pane
    key = context.store.keys.get(pane.key_id or "")
    tag = next(
        (each for each in (key.tags if key else None) or () if each.key == pane.chosen), None
    )
    return None if key is None or tag is None else (key.id, tag)


def _can_change_tag(context: Context) -> str | None:
    if reason := needs_writing(context):
        return reason
    found = _tag_in_sight(context)
    if found is None:
        return "Choose a tag first; t adds one."
    return _refusal(context, found[0]) or None


def _with_tag(act: Callable[[TagController, str, Tag], None]) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        if found := _tag_in_sight(context):
            act(_tags(context), *found)

    return run


def _rename(context: Context) -> None:
    found = _tag_in_sight(context)
    if found is None:
        return
    key_id, tag = found
    # The tag in sight names the tag key; of marked keys each keeps its own value.
    marked = context.targets
    _tags(context).rename(marked if len(marked) > 1 else [key_id], tag)


def _can_undo(context: Context) -> str | None:
    # It is about what was changed, whichever key is chosen, or none.
    reason = no_changes(context)
    if reason is None and not context.app.part(RunController).can_undo:
        return (
            "No tags or marked keys were changed since kmstui was started; ! lists earlier changes."
        )
    return reason


def _undo(context: Context) -> None:
    context.app.part(RunController).undo_last()


COMMANDS = (
    Command(
        id="tags.put", label="Tag", help="Tag the chosen key, or all marked ones", keys=("t",),
        scope=EVERYWHERE, available=_can_tag,
        run=with_marks_told(lambda context: _tags(context).put(context.targets)), bar=30,
    ),
    Command(
        id="tags.remove", label="Untag", help="Remove tags of the chosen key, or all marked ones",
        keys=("u",), scope=EVERYWHERE, available=_can_untag,
        run=with_marks_told(lambda context: _tags(context).remove(context.targets)), bar=31,
    ),
    Command(
        id="tags.undo", label="Undo", help="Undo the last change of tags or of marked keys",
        keys=("z",), scope=EVERYWHERE, available=_can_undo, run=_undo,
    ),
    Command(
        id="tag.value", label="Value", help="Change the value of the tag", keys=("enter", "e"),
        scope=TAGS, available=_can_change_tag, run=_with_tag(TagController.change_value), bar=10,
    ),
    Command(
        id="tag.rename", label="Rename", keys=("n",), scope=TAGS, available=_can_change_tag,
        help="Rename the tag key, on all marked keys: tag, read back, then untag",
        run=with_marks_told(_rename), bar=11,
    ),
    Command(
        id="tag.delete", label="Delete", help="Remove the tag from the key", keys=("d",),
        scope=TAGS, available=_can_change_tag, run=_with_tag(TagController.delete), bar=12,
    ),
)  # fmt: skip
