"""What may sit in a chain: a kind a file, each registered here."""

from .effect import EffectKind
from .nested import BoardKind, ChainKind
from .registry import register
from .stage import StageKind
from .vst3 import VST3Kind

for _kind in (StageKind(), EffectKind(), VST3Kind(), ChainKind(), BoardKind()):
    register(_kind)
