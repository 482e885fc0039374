"""wavemend: audio restoration stages for old recordings.

Stages behave like pedalboard's plugins, a `Chain` mixes them with stock effects and VST3s, and `render` runs
a preset over a sound file.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from .contract.registry import stage_class as stage_class
    from .contract.registry import stage_ids as stage_ids
    from .contract.stage import RepairStage as RepairStage
    from .contract.stage import Stage as Stage
    from .errors import AudioFileError as AudioFileError
    from .errors import AudioOverError as AudioOverError
    from .errors import AudioShapeError as AudioShapeError
    from .errors import AudioTypeError as AudioTypeError
    from .errors import AudioValueError as AudioValueError
    from .errors import Cancelled as Cancelled
    from .errors import ChannelsRefusedError as ChannelsRefusedError
    from .errors import ClusterError as ClusterError
    from .errors import DeviceError as DeviceError
    from .errors import DocumentError as DocumentError
    from .errors import FindingsError as FindingsError
    from .errors import ManifestError as ManifestError
    from .errors import MixedClusterError as MixedClusterError
    from .errors import ModelError as ModelError
    from .errors import NoEquivalentError as NoEquivalentError
    from .errors import NotInstalledError as NotInstalledError
    from .errors import NotLearned as NotLearned
    from .errors import ParameterError as ParameterError
    from .errors import PlanError as PlanError
    from .errors import PluginError as PluginError
    from .errors import PresetError as PresetError
    from .errors import RemoteError as RemoteError
    from .errors import StrictJsonError as StrictJsonError
    from .errors import TargetBusyError as TargetBusyError
    from .errors import TargetExistsError as TargetExistsError
    from .errors import UnknownParameterError as UnknownParameterError
    from .errors import WavemendError as WavemendError
    from .errors import WorkerCrashedError as WorkerCrashedError
    from .errors import WorkerTimedOutError as WorkerTimedOutError
    from .host.archive.collection import batch as batch
    from .host.archive.search import search as search
    from .host.chain.chain import Chain as Chain
    from .host.chain.slot import Slot as Slot
    from .host.export.bundle import Exported as Exported
    from .host.export.bundle import export_vst3 as export_vst3
    from .host.presets.preset import Preset as Preset
    from .host.presets.preset import load_preset as load_preset
    from .host.presets.preset import save_preset as save_preset
    from .host.recording.document import RecordingDocument as RecordingDocument
    from .host.recording.document_files import load_document as load_document
    from .host.recording.document_files import save_document as save_document
    from .host.rendering.render import render as render
    from .host.rendering.rendered import Rendered as Rendered
    from .host.survey.analyse import Analysis as Analysis
    from .host.survey.analyse import analyse as analyse
    from .host.transcripts.transcript import Transcript as Transcript
    from .host.transcripts.transcript import transcribe as transcribe
    from .host.vst3.plugin import VST3 as VST3
    from .plugins.dc_offset import DcOffset as DcOffset
    from .plugins.declick.stage import Declick as Declick
    from .plugins.declip.stage import Declip as Declip
    from .plugins.decrackle import Decrackle as Decrackle
    from .plugins.dehum import Dehum as Dehum
    from .plugins.denoise import Denoise as Denoise
    from .plugins.dereverb.stage import Dereverb as Dereverb
    from .plugins.dropout_repair.stage import DropoutRepair as DropoutRepair
    from .plugins.groove_walls.stage import GrooveWalls as GrooveWalls
    from .plugins.mouth_click.stage import MouthClick as MouthClick
    from .plugins.room_tone.stage import RoomTone as RoomTone
    from .plugins.rumble import Rumble as Rumble
    from .plugins.voice_denoise.stage import VoiceDenoise as VoiceDenoise

# Loaded when first asked for: the command line's help and completion need none of SciPy, numba, pedalboard.
_HOMES = {
    "AudioFileError": "errors",
    "AudioOverError": "errors",
    "AudioShapeError": "errors",
    "AudioTypeError": "errors",
    "AudioValueError": "errors",
    "Cancelled": "errors",
    "ChannelsRefusedError": "errors",
    "ClusterError": "errors",
    "DeviceError": "errors",
    "DocumentError": "errors",
    "FindingsError": "errors",
    "ManifestError": "errors",
    "MixedClusterError": "errors",
    "ModelError": "errors",
    "NoEquivalentError": "errors",
    "NotInstalledError": "errors",
    "NotLearned": "errors",
    "ParameterError": "errors",
    "PlanError": "errors",
    "PluginError": "errors",
    "PresetError": "errors",
    "RemoteError": "errors",
    "StrictJsonError": "errors",
    "TargetBusyError": "errors",
    "TargetExistsError": "errors",
    "UnknownParameterError": "errors",
    "WavemendError": "errors",
    "WorkerCrashedError": "errors",
    "WorkerTimedOutError": "errors",
    "Analysis": "host.survey.analyse",
    "analyse": "host.survey.analyse",
    "batch": "host.archive.collection",
    "search": "host.archive.search",
    "Transcript": "host.transcripts.transcript",
    "transcribe": "host.transcripts.transcript",
    "Chain": "host.chain.chain",
    "Slot": "host.chain.slot",
    "RecordingDocument": "host.recording.document",
    "load_document": "host.recording.document_files",
    "save_document": "host.recording.document_files",
    "Exported": "host.export.bundle",
    "export_vst3": "host.export.bundle",
    "Preset": "host.presets.preset",
    "load_preset": "host.presets.preset",
    "save_preset": "host.presets.preset",
    "Rendered": "host.rendering.rendered",
    "render": "host.rendering.render",
    "VST3": "host.vst3.plugin",
    "DcOffset": "plugins.dc_offset",
    "Declip": "plugins.declip.stage",
    "Declick": "plugins.declick.stage",
    "Decrackle": "plugins.decrackle",
    "Dehum": "plugins.dehum",
    "Denoise": "plugins.denoise",
    "Dereverb": "plugins.dereverb.stage",
    "DropoutRepair": "plugins.dropout_repair.stage",
    "GrooveWalls": "plugins.groove_walls.stage",
    "MouthClick": "plugins.mouth_click.stage",
    "RoomTone": "plugins.room_tone.stage",
    "stage_class": "contract.registry",
    "stage_ids": "contract.registry",
    "Rumble": "plugins.rumble",
    "VoiceDenoise": "plugins.voice_denoise.stage",
    "RepairStage": "contract.stage",
    "Stage": "contract.stage",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the names above, once


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version(__name__)
    if name not in _HOMES:
        raise AttributeError(f"module 'wavemend' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
