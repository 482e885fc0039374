"""How many samples a VST3 is given at once; the output of some depends on it."""

from __future__ import annotations

from ...errors import ParameterError

BLOCK_SIZE = 8192  # source: pedalboard's own buffer_size
SMALLEST_BLOCK, LARGEST_BLOCK = 32, 65_536  # guard: what plugins are ready for


def checked_block_size(block_size: int) -> int:
    """Return `block_size`; raises `ParameterError` where it is none."""
    whole = isinstance(block_size, int) and not isinstance(block_size, bool)
    if not whole or not SMALLEST_BLOCK <= block_size <= LARGEST_BLOCK:
        raise ParameterError(
            f"VST3.block_size={block_size!r} is not allowed; "
            f"it must be a whole number from {SMALLEST_BLOCK} to {LARGEST_BLOCK}"
        )
    return block_size
