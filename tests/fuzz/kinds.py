"""Every kind of input that is mutated, by the name that ``make fuzz`` knows it by."""

from __future__ import annotations

from .documents import Documents
from .judge import Kind
from .packs import Packs
from .presets import Presets
from .sound_files import SoundFiles

KINDS: dict[str, Kind] = {kind.name: kind for kind in (SoundFiles(), Presets(), Packs(), Documents())}
