"""Small sound files for the host's tests."""

import numpy as np
import soundfile

RATE = 44_100


def damaged(seconds=1.5, channels=2, seed=0, rate=RATE):
    """Two chords, hiss, an offset and a click every 0.3 s, shape (channels, n), peak under 0.9."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    notes = sum(np.sin(2 * np.pi * f * time) for f in (220, 277.2, 329.6))
    audio = np.tile(0.08 * notes * (time > 0.4), (channels, 1))
    audio += 0.002 * rng.standard_normal(audio.shape) + 0.003
    for start in range(4000, audio.shape[1] - 100, int(0.3 * rate)):
        audio[start // 7 % channels, start : start + 4] += 0.5 * np.array([1, -0.6, 0.3, -0.1])
    return audio


def write(path, audio, subtype="PCM_16", rate=RATE):
    """Write `audio` with libsndfile, integers without dither; return the path."""
    soundfile.write(path, audio.T, rate, subtype=subtype)
    return path


def words(path):
    """Integer samples of a file, left-justified in 32 bits, as int64, shape (channels, n)."""
    return soundfile.read(path, dtype="int32", always_2d=True)[0].T.astype(np.int64)
