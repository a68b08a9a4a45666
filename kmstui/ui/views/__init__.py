"""Views of the chosen key, behind pane 3."""
