"""Finders by name: ours, and those of packages, found by the entry point group ``wavemend.finders``.

A finder is an `Analyser`. One of ours is one line in `FINDERS`; a package offers its own with one line in its
pyproject.toml, under a name with a dot, so that it can never be one of ours::

    [project.entry-points."wavemend.finders"]
    "studio.wow" = "studio_finders.wow:WowAnalyser"

Surveys run it, pages and JSON show it, documents keep what it found.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from ..contract.findings import Analyser, Findings
from ..contract.offers import load_offer, offers
from ..errors import PluginError
from .carrier.bandwidth import BandwidthAnalyser
from .carrier.clipping import ClippingAnalyser
from .carrier.codec import CodecAnalyser
from .carrier.offset import OffsetAnalyser
from .carrier.processed import ProcessedAnalyser
from .carrier.silences import SilencesAnalyser
from .carrier.stereo import StereoAnalyser
from .carrier.word_length import WordLengthAnalyser
from .clicks.clicks import ClicksAnalyser
from .hum.hum import HumAnalyser
from .medium.surface import SurfaceAnalyser
from .noise.noise_print import NoisePrintAnalyser
from .noise.rumble import RumbleAnalyser
from .noise.segments import NoiseSegmentsAnalyser
from .program.loudness import LoudnessAnalyser
from .program.program import ProgramAnalyser

GROUP = "wavemend.finders"

FINDERS: Mapping[str, type[Analyser[Any]]] = {
    "program": ProgramAnalyser,
    "clicks": ClicksAnalyser,
    "hum": HumAnalyser,
    "rumble": RumbleAnalyser,
    "surface": SurfaceAnalyser,
    "noise": NoisePrintAnalyser,
    "noise_segments": NoiseSegmentsAnalyser,
    "offset": OffsetAnalyser,
    "clipping": ClippingAnalyser,
    "bandwidth": BandwidthAnalyser,
    "codec": CodecAnalyser,
    "word_length": WordLengthAnalyser,
    "loudness": LoudnessAnalyser,
    "stereo": StereoAnalyser,
    "silences": SilencesAnalyser,
    "processed": ProcessedAnalyser,
}
"""Ours by what they look for, in the order of a report: the sound, its damage, its carrier."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def finders() -> dict[str, type[Analyser[Any]]]:
    """Every finder by name: ours in the order of a report, then those of packages.

    Raises
    ------
    PluginError
        One that is installed does not load, or is none.
    """
    return {**FINDERS, **{name: finder(name) for name in sorted(offers(GROUP))}}


def finder(name: str) -> type[Analyser[Any]]:
    """Return the finder of a name; of those of packages, only that one is loaded.

    Raises
    ------
    PluginError
        There is no such finder, or a broken one.
    """
    if name in FINDERS:
        return FINDERS[name]
    if name not in offers(GROUP):
        raise PluginError(f"no finder {name!r:.80} is installed; install the package that has it")
    if not _NAME.fullmatch(name):
        raise PluginError(f"a package offers a finder {name!r:.80}; it must have a name such as 'studio.wow'")
    loaded, target = load_offer(GROUP, name, "the finder")
    if isinstance(loaded, type) and issubclass(loaded, Analyser) and not inspect.isabstract(loaded):
        found: object = loaded.findings_type()
        if isinstance(found, type) and issubclass(found, Findings) and not inspect.isabstract(found):
            return loaded
    raise PluginError(f"{target} is offered as the finder {name!r}, but is no Analyser of any Findings")
