"""One family of errors; each is also the built-in kind that Python users expect.

A message names the thing, the value, the range or the file, and what to do.
"""


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


class PresetError(WavemendError, ValueError):
    """A preset that cannot be used; the message names file, slot, parameter, value and range."""


class ModelError(WavemendError, RuntimeError):
    """A trained model that is missing, is not the one that its manifest names, or cannot be run."""


class PluginError(WavemendError, RuntimeError):
    """A chain member that is not usable, or failed while it ran."""


class Cancelled(WavemendError, RuntimeError):  # noqa: N818 - reads as a state
    """The work was cancelled by its token; nothing was written."""
