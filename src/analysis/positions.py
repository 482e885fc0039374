"""Say where in a recording something is, in samples and on the clock; channels count from 1, as people do."""

import numpy as np
import numpy.typing as npt


def clock(frame: int, sample_rate: float) -> str:
    """Return a frame's time: ``1:02.345``, and ``1:02:03.456`` from an hour on."""
    minutes, milliseconds = divmod(round(1000 * frame / sample_rate), 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{milliseconds / 1000:06.3f}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


def first_not_finite(
    audio: npt.NDArray[np.floating], start: int, sample_rate: float | None = None
) -> str | None:
    """Describe the first NaN or infinity of a block, shape (channels, n), whose first frame is `start`.

    Returns
    -------
    str or None
        ``nan at sample 44541 of channel 2``, and ``(0:01.010)`` where the sample rate is given; None where
        all samples are finite.
    """
    finite = np.isfinite(audio)
    if finite.all():
        return None
    at = int(np.argmin(finite.all(axis=0)))
    channel = int(np.argmin(finite[:, at]))
    found = f"{audio[channel, at]} at sample {start + at} of channel {channel + 1}"
    return found if sample_rate is None else f"{found} ({clock(start + at, sample_rate)})"
