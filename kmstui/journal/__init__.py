"""Policy history, drafts and changes in one SQLite file of the person's state directory."""

from kmstui.journal.journal import MemoryJournal as MemoryJournal
from kmstui.journal.journal import SqliteJournal as SqliteJournal
from kmstui.journal.journal import open_journal as open_journal
from kmstui.journal.remembered import RememberedFile as RememberedFile
