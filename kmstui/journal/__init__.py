"""Policy history, drafts and changes in one SQLite file of the person's state directory."""

from kmstui.journal.journal import MemoryJournal, SqliteJournal, open_journal

__all__ = ["MemoryJournal", "SqliteJournal", "open_journal"]
