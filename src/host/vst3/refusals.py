"""Why a plugin cannot be used, in words: where it is found out, where it is shown, and in the docs."""

from __future__ import annotations

from collections.abc import Sequence

INSTRUMENT = "is an instrument; only effects can sit in a chain"
REFUSES_TO_BEGIN = "refuses to begin: the plugin itself gives no reason"
NOT_FINITE = "answers a quiet signal with NaN or infinity"
SAME_NAME = "has the name of another plugin in its bundle, which would be loaded in its place"
NEITHER = "takes neither one nor two channels"


def uneven(inputs: int, outputs: int) -> str:
    """Say that it gives another number of channels than it takes."""
    taken = f"takes {inputs} channel{'' if inputs == 1 else 's'} in and gives {outputs} out"
    return f"{taken}; only plugins that give as many as they take can be used"


def other_count(channels: int) -> str:
    """Say that it takes more channels than are tried out."""
    return f"{NEITHER}, but {channels}"


def several_buses(inputs: Sequence[int], outputs: Sequence[int], end: str) -> str:
    """Say that it has inputs or outputs beside the main ones, and how it ended without them."""
    what, buses = ("inputs", inputs) if len(inputs) > 1 else ("outputs", outputs)
    counts = " and ".join(map(str, buses))
    return (
        f"has {len(buses)} {what}, of {counts} channels: a side-chain, say; "
        f"only the first is connected, and without the others it {end}"
    )
