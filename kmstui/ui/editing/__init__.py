"""The safe edit on the screen: editor, review, saving, merging, history."""
