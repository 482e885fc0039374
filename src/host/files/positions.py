"""Say where in a recording something is, in samples and on the clock."""

import numpy as np

from ...analysis.framing import Audio


def clock(frame: int, sample_rate: int) -> str:
    """Return a frame's place as minutes, seconds and milliseconds: ``1:02.345``."""
    minutes, milliseconds = divmod(round(1000 * frame / sample_rate), 60_000)
    return f"{minutes}:{milliseconds / 1000:06.3f}"


def first_not_finite(audio: Audio, start: int, sample_rate: int) -> str | None:
    """Describe the first NaN or infinity of a block, shape (channels, n), whose first frame is `start`.

    Returns
    -------
    str or None
        ``nan at sample 44541 of channel 2 (0:01.010)``; None where all samples are finite.
    """
    finite = np.isfinite(audio)
    if finite.all():
        return None
    at = int(np.argmin(finite.all(axis=0)))
    channel = int(np.argmin(finite[:, at]))
    place = f"at sample {start + at} of channel {channel + 1} ({clock(start + at, sample_rate)})"
    return f"{audio[channel, at]} {place}"
