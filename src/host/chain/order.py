"""The order of restoration, and why another one is worse."""

from __future__ import annotations

from itertools import combinations

from ...contract.stage import Step

_REASONS = {
    Step.PREPARE: "an offset shifts every threshold and every estimate made before it is gone",
    Step.CLICKS: "whatever runs before smears each click, so that its edges can no longer be found",
    Step.HUM: "hum and rumble left in mask the quiet stretches from which noise is learned",
    Step.BROADBAND: "a noise print no longer fits once equalisation or dynamics have reshaped the noise",
    Step.FILL: "what fills gaps is learned from the noise as it stands there, and has to pass what shapes it",
    Step.EQ: "an equaliser after a limiter pushes peaks over the ceiling again",
}

_FOR_PAIRS = {
    (
        Step.FILL,
        Step.BROADBAND,
    ): "what is filled in should be the noise that is left, and no noise to remove again",
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
            reason = _FOR_PAIRS.get((first, second), _REASONS[second])
            warnings.setdefault(second, f"{late} should come before {early}: {reason}")
    return list(warnings.values())
