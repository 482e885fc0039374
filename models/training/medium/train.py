"""Count how often each medium has each trait: ``python -m models.training.medium.train`` from the root.

Material: takes of the tuning set through the made-up media of ``bench.material.tuning.media`` (every other
take, the tuning ranges) and of ``bench.material.media`` (the same takes). Seeded: the same material gives the
same table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import numpy as np
from bench.material.media import recorded
from bench.material.takes import takes
from bench.material.tuning.media import FAMILIES
from bench.tables.media import POOLS, drawn
from bench.tables.suggestion import SITUATIONS
from wavemend.analysis.medium.medium import MEDIA
from wavemend.analysis.medium.traits import TRAITS, VALUES
from wavemend.analysis.survey import Survey

# tuned: by hand, 2026-11-29
PIECES = 12  # of each medium
RECORDED = 10  # of each situation
PRIOR = 1.0  # counted beforehand for each value
WEIGHT = 40.0  # what the pieces of one medium count together
TARGET = Path(__file__).parents[3] / "src" / "analysis" / "medium" / "odds.py"
OF_SITUATIONS = {"LP": "microgroove", "78": "coarse groove", "tape": "tape", "studio": "digital"}

HEAD = '''"""How often media have traits: written by models/training/medium/train.py, not by hand."""

import numpy as np

# source: models/training/medium/train.py; rows: medium.MEDIA, columns: the values of traits.TRAITS, in nats
# fmt: off
LIKELIHOOD = {
'''


def main() -> int:
    """Hear every piece, count, and write the module."""
    parser = argparse.ArgumentParser(prog="python -m models.training.medium.train", description=__doc__)
    parser.add_argument("--target", type=Path, default=TARGET, help="module to write")
    given = parser.parse_args()
    counts = {name: np.zeros((len(MEDIA), values)) for name, values in VALUES.items()}
    for medium, audio, rate in material():
        survey = Survey(rate, len(audio), 16)
        survey.push(audio)
        findings = survey.result()
        for name, trait in TRAITS.items():
            counts[name][MEDIA.index(medium), trait(findings).value] += 1
    given.target.write_text(module(counts), encoding="utf-8")
    return 0


def material() -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield medium, audio and rate of every piece."""
    for name, family in FAMILIES.items():
        print(name, file=sys.stderr)
        for piece in drawn(name, PIECES):
            yield family, piece.audio, piece.sample_rate
    for situation in SITUATIONS:
        print(situation.name, file=sys.stderr)
        family = next(family for word, family in OF_SITUATIONS.items() if situation.name.startswith(word))
        for case in range(RECORDED):
            pool = takes("tuning", kind := situation.kinds[case % len(situation.kinds)], *POOLS[kind])[::2]
            take = pool[case // len(situation.kinds) % len(pool)]
            draw = np.random.default_rng([crc32(situation.name.encode()), case, 7])
            yield family, recorded(situation.medium(take, draw)), take.sample_rate


def module(counts: dict[str, np.ndarray]) -> str:
    """Return the source of the module."""
    lines = [HEAD]
    for name, table in counts.items():
        shares = PRIOR + WEIGHT * table / table.sum(axis=1, keepdims=True)
        nats = np.log(shares / shares.sum(axis=1, keepdims=True))
        rows = "\n".join(f"        [{', '.join(f'{value:6.2f}' for value in row)}]," for row in nats)
        lines.append(f'    "{name}": np.array([\n{rows}\n    ]),\n')
    return "".join([*lines, "}\n# fmt: on\n"])


if __name__ == "__main__":
    sys.exit(main())
