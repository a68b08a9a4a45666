"""Filters of the keys that have a name: `:save prod`, `:filter prod`, `:forget prod`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from kmstui.ui.commands import Context
from kmstui.ui.main.navigation import main_of

Offer = tuple[str, str, str, Callable[[], None], str]
"""An entry of the palette: kind, text, detail, what it runs, and why it is off."""

_KIND = "filters"


def filters_of(context: Context) -> Mapping[str, str]:
    """The filters of this account and Region, by name."""
    kept = context.app.memory.recall(_KIND)
    if not isinstance(kept, dict):
        return {}
    return {name: text for name, text in kept.items() if isinstance(text, str)}


def filter_offers(context: Context, typed: str) -> Iterator[Offer]:
    """What the palette offers of them, where `typed` is what stands in its line."""
    word, _, name = typed.strip().partition(" ")
    name = name.strip()
    filters = filters_of(context)
    if word == "save" and name:
        text = main_of(context.app).keys_pane.filter_text
        off = ""
        if not context.app.memory.keeps(_KIND):
            off = "Filters are not remembered here: in a demo, and without them in `remember`."
        elif not text:
            off = "Nothing is filtered: type a filter behind / first."
        yield "do", f"save {name}", f"keep the filter /{text}", partial(_save, context, name), off
    for kept, text in filters.items():
        yield "filter", kept, f"/{text}", partial(_use, context, text), ""
        if word == "forget":
            yield "do", f"forget {kept}", f"the filter /{text}", partial(_forget, context, kept), ""


def _save(context: Context, name: str) -> None:
    text = main_of(context.app).keys_pane.filter_text
    context.app.memory.remember(_KIND, {**filters_of(context), name: text})
    context.session.notify(f"/{text} is kept as {name}: :filter {name} filters so again.")


def _use(context: Context, text: str) -> None:
    main = main_of(context.app)
    main.keys_pane.use_filter(text)
    main.open_pane(main.keys_pane)


def _forget(context: Context, name: str) -> None:
    filters = {kept: text for kept, text in filters_of(context).items() if kept != name}
    context.app.memory.remember(_KIND, filters)
