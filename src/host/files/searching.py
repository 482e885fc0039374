"""Search a file of any size for a short pattern, in constant memory."""

import re
from typing import BinaryIO

_PIECE = 1 << 20  # guard: memory taken at once


def found_in(file: BinaryIO, pattern: re.Pattern[bytes], begin: int, most_bytes: int) -> bool:
    """Whether `pattern`, which matches at most so many bytes, is in an open file from `begin` on."""
    file.seek(begin)
    before = b""
    while piece := file.read(_PIECE):
        piece = before + piece
        if pattern.search(piece):
            return True
        before = piece[max(0, len(piece) - most_bytes + 1) :]
    return False
