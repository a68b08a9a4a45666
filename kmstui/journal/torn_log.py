"""Whether the last write of a write-ahead log was cut off, by a loss of power or a kill.

SQLite then goes on from the last transaction that is whole, in silence. What a method had answered
was on the disk before it answered, so what is cut off is what was being written at that moment.

Source: sqlite.org/fileformat2.html, "The WAL File Format".
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")
"""Magic, format, page size, checkpoint number, two salts, two checksums."""
_FRAME = struct.Struct(">4I")
"""Page number, size of the database after a commit or 0, two salts."""
_FRAME_HEADER = 24
"""Bytes of a frame before its page."""
_MAGIC = (0x377F0682, 0x377F0683)


def is_torn(log: Path) -> bool:
    """Whether the log ends in the middle of a write; nobody may be writing it now.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with log.open("rb") as file:
            size = log.stat().st_size
            start = file.read(_HEADER.size)
            if len(start) < _HEADER.size:
                return bool(start)
            magic, _, page_size, _, *salts, _, _ = _HEADER.unpack(start)
            frame = page_size + _FRAME_HEADER
            if magic not in _MAGIC or (size - _HEADER.size) % frame:
                return True
            is_whole = True
            # Frames of earlier rounds lie behind the newest ones, and have other salts.
            for place in range(_HEADER.size, size, frame):
                file.seek(place)
                _, commit, *carried = _FRAME.unpack(file.read(_FRAME.size))
                if carried != salts:
                    break
                is_whole = commit != 0
            return not is_whole
    except FileNotFoundError:
        return False
