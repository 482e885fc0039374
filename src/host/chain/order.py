"""The order of restoration, and why another one is worse."""

from __future__ import annotations

from itertools import combinations

from ...contract.stage import Step

_REASONS = {
    Step.PREPARE: "an offset shifts every threshold and every estimate made before it is gone",
    Step.CLICKS: "whatever runs before smears each click, so that its edges can no longer be found",
    Step.HUM: "hum and rumble left in mask the quiet stretches from which noise is learned",
    Step.BROADBAND: "a noise print no longer fits once equalisation or dynamics have reshaped the noise",
    Step.EQ: "an equaliser after a limiter pushes peaks over the ceiling again",
}


def order_warnings(steps: list[tuple[str, Step | None]]) -> list[str]:
    """Say what is harmful about an order.

    Parameters
    ----------
    steps
        Name and `Step` of each member, in the order of the chain; None has no opinion.

    Returns
    -------
    list of str
        One sentence for each kind of harm, naming the pair of members and the reason.
    """
    placed = [(name, step) for name, step in steps if step is not None]
    warnings: dict[Step, str] = {}
    for (early, first), (late, second) in combinations(placed, 2):
        if first > second:
            warnings.setdefault(second, f"{late} should come before {early}: {_REASONS[second]}")
    return list(warnings.values())
