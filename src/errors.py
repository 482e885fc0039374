"""One family of errors; each is also the built-in kind that Python users expect.

A message names the thing, the value, the range or the file, and what to do.
"""

from pathlib import Path


class WavemendError(Exception):
    """Base of every error that wavemend raises on purpose."""


class ParameterError(WavemendError, ValueError):
    """A parameter was given a value outside what its schema allows."""


class UnknownParameterError(ParameterError, AttributeError):
    """A parameter name that the stage does not have."""


class AudioValueError(WavemendError, ValueError):
    """Audio that holds NaN or infinity, or an unusable sample rate or channel count."""


class AudioTypeError(WavemendError, TypeError):
    """Audio that is not an array of 32-bit or 64-bit floats."""


class AudioShapeError(WavemendError, RuntimeError):
    """Audio whose layout cannot be told: not one- or two-dimensional, or ambiguous."""


class NotLearned(WavemendError, RuntimeError):  # noqa: N818 - reads as a state, like KeyboardInterrupt
    """A stage that needs findings was asked to run live without any."""


class AudioFileError(WavemendError, OSError):
    """A sound file that cannot be read or written."""


class DeviceError(WavemendError, OSError):
    """A sound device that is not there, or does not do what was asked of it."""


class PresetError(WavemendError, ValueError):
    """A preset that cannot be used; the message names file, slot, parameter, value and range."""


class NoEquivalentError(PresetError):
    """Something of another program's chain that cannot be carried over; the message says why."""


class ModelError(WavemendError, RuntimeError):
    """A trained model that is missing, is not the one that its manifest names, or cannot be run."""


class PluginError(WavemendError, RuntimeError):
    """A chain member that is not usable, or failed while it ran."""


class Cancelled(WavemendError, RuntimeError):  # noqa: N818 - reads as a state
    """The work was cancelled by its token; nothing was written."""


class FindingsError(WavemendError, ValueError):
    """Stored findings that are damaged, or are not of the kind asked for."""


class AudioOverError(AudioFileError):
    """Audio beyond full scale that the file's integers cannot hold; nothing of the block was written.

    Attributes
    ----------
    path
        The file that was being written.
    peak
        Largest absolute sample so far, gain included, full scale 1.0. Write again from the start
        with `AudioFormat.float_output`, or with a gain that brings the whole recording's peak
        to 1.0.
    """

    def __init__(self, message: str, path: Path, peak: float) -> None:
        super().__init__(message)
        self.path, self.peak = path, peak


class TargetExistsError(AudioFileError):
    """A target is there already, and may not be replaced."""


class TargetBusyError(AudioFileError):
    """Another process is writing the target right now."""


class StrictJsonError(WavemendError, ValueError):
    """What is wrong with a JSON text; who knows the file's name raises an error of its own with it."""


class DocumentError(WavemendError, ValueError):
    """A recording document that cannot be used, or that belongs to other audio."""


class PlanError(WavemendError, ValueError):
    """The whole run is refused before it starts; nothing was written."""


class ClusterError(WavemendError, RuntimeError):
    """A cluster that cannot be reached, whose workers cannot do the work, or that went away."""


class MixedClusterError(ClusterError):
    """The workers of a cluster differ in what their bytes would depend on.

    Attributes
    ----------
    table
        Of each trait that differs every value, and the addresses of workers that have it.
    """

    def __init__(self, message: str, table: "list[tuple[str, str, tuple[str, ...]]]") -> None:
        super().__init__(message)
        self.table = table


class RemoteError(WavemendError, OSError):
    """What lies behind a URL cannot be listed, read, or put up."""


class ManifestError(WavemendError, RuntimeError):
    """The manifest of a collection that cannot be used or written, or that another run holds."""


class NotInstalledError(PluginError):
    """No plugin of that name or identifier is in the catalogue."""


class ChannelsRefusedError(PluginError):
    """The plugin does not take so many channels."""


class WorkerCrashedError(PluginError):
    """The worker died: the plugin crashed, or ended its process."""


class WorkerTimedOutError(PluginError):
    """The plugin gave no answer in time; its worker was ended."""
