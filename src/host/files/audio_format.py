"""What a sound file is in libsndfile's terms, and which lossless file holds the same samples."""

from dataclasses import dataclass, replace

import soundfile

from ...errors import AudioFileError

_CONTAINERS = {
    ".wav": "WAV", ".wave": "WAV", ".bwf": "WAV", ".rf64": "RF64", ".w64": "W64", ".flac": "FLAC",
    ".aiff": "AIFF", ".aif": "AIFF", ".aifc": "AIFF", ".caf": "CAF", ".au": "AU", ".snd": "AU",
}  # fmt: skip
AUDIO_SUFFIXES = frozenset((*_CONTAINERS, ".ogg", ".oga", ".opus", ".mp3", ".mp2"))
"""Endings of the files that are taken for sound when a whole folder is named."""

# source: what libsndfile's subtypes are called by
_BITS = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32,
}  # fmt: skip
# Subtypes to write instead, in this order, where a container has the first one not. ALAC is never written:
# libsndfile's encoder crashes on a full disk.
_SAME_WORD = {
    "PCM_S8": ("PCM_S8", "PCM_U8"), "PCM_U8": ("PCM_U8", "PCM_S8"), "ALAC_16": ("PCM_16",),
    "ALAC_20": ("PCM_24",), "ALAC_24": ("PCM_24",), "ALAC_32": ("PCM_32",),
}  # fmt: skip
_FLOAT_BYTES = {"FLOAT": 4, "DOUBLE": 8}  # source: IEEE 754
_ONE_WORD_UP = {8: "PCM_16", 16: "PCM_24", 24: "PCM_32"}
_WAV_KIND = ("WAV", "WAVEX", "RF64")
_WRITABLE = frozenset((*_WAV_KIND, *_CONTAINERS.values()))
# These give sizes in 32 bits; what the data may not take is left for tags and chunks.
_LIMITED = frozenset(("WAV", "WAVEX", "AIFF", "AU"))
_MAX_DATA_BYTES = (1 << 32) - (64 << 20)  # derived: what a RIFF size of 32 bits counts, less 64 MB for chunks


@dataclass(frozen=True)
class AudioFormat:
    """What a sound file is, or will be, in libsndfile's terms."""

    container: str
    subtype: str
    sample_rate: int
    channels: int
    endian: str = "FILE"
    channel_map: tuple[int, ...] = ()
    """Loudspeaker of each channel as libsndfile numbers them; empty where the file does not say."""

    @property
    def bits(self) -> int | None:
        """Word size of integer samples; None for floats and for lossy coding."""
        return _BITS.get(self.subtype)

    @property
    def is_integer(self) -> bool:
        """Whether samples are integers, losslessly kept."""
        return self.bits is not None

    @property
    def is_lossless(self) -> bool:
        """Whether decoding gives back exactly what was encoded."""
        return self.is_integer or self.subtype in _FLOAT_BYTES

    @property
    def extension(self) -> str:
        """Usual ending of the file's name, with its dot."""
        container = "WAV" if self.container in _WAV_KIND else self.container
        endings = (suffix for suffix, held in _CONTAINERS.items() if held == container)
        return next(endings, f".{container.lower()}")

    def data_bytes(self, frames: int) -> int:
        """Size of so many frames without compression, in bytes."""
        sample_bytes = _FLOAT_BYTES.get(self.subtype) or ((self.bits or 24) + 7) // 8
        return frames * self.channels * sample_bytes

    def holds(self, frames: int) -> bool:
        """Whether the container has room for so many frames."""
        return self.container not in _LIMITED or self.data_bytes(frames) <= _MAX_DATA_BYTES

    def lossless_output(self, frames: int | None = None) -> "AudioFormat":
        """Format of the restored file: the same container, rate and depth where that is lossless.

        A lossy source becomes 24-bit FLAC, or 24-bit WAV beyond FLAC's eight channels. A rare
        container becomes WAV. With `frames`, what would pass 4 GB becomes RF64.
        """
        if not self.is_lossless:
            return AudioFormat("FLAC", "PCM_24", self.sample_rate, self.channels)._fitting(frames)
        return self._fitting(frames)

    def one_word_up(self, frames: int | None = None) -> "AudioFormat":
        """Format for differences between two files of this one: the next larger word.

        8 bits become 16, 16 become 24, 24 become 32; 32 bits and floats become doubles. Where the
        container has no such word (FLAC), WAV or RF64 does.
        """
        base = self.lossless_output()
        return replace(base, subtype=_ONE_WORD_UP.get(base.bits or 0, "DOUBLE"))._fitting(frames)

    def float_output(self, frames: int | None = None) -> "AudioFormat":
        """Format that keeps overs: floats that hold this format's whole grid, WAV for FLAC."""
        base = self.lossless_output()
        return replace(base, subtype="FLOAT" if (base.bits or 64) <= 24 else "DOUBLE")._fitting(frames)

    def with_suffix(self, suffix: str, frames: int | None = None) -> "AudioFormat":
        """Format of this depth and rate in the container that a file's ending asks for.

        Raises
        ------
        AudioFileError
            No lossless container has that ending, or it cannot hold this depth or so many frames.
        """
        base = self.lossless_output()
        if not suffix:
            return base._fitting(frames)
        container = _CONTAINERS.get(suffix.lower())
        if container is None:
            endings = ", ".join(_CONTAINERS)
            raise AudioFileError(f"{suffix} is no lossless sound file; choose one of {endings}")
        stays = container == "WAV" and base.container in _WAV_KIND
        wanted = base if stays else replace(base, container=container)
        fitting = wanted._fitting(frames)
        if fitting.extension != wanted.extension:
            length = "" if wanted.holds(frames or 0) else f" in {frames} frames, which pass 4 GB"
            raise AudioFileError(
                f"{suffix} cannot hold {base.channels} channels of {base.subtype}{length}; choose .wav"
            )
        return fitting

    def _is_writable(self) -> bool:
        if self.container == "FLAC" and (self.channels > 8 or self.sample_rate > 655_350):
            return False
        return bool(soundfile.check_format(self.container, self.subtype, self.endian))

    def _fitting(self, frames: int | None) -> "AudioFormat":
        """Return this lossless format, or the nearest writable one for that length with the same words."""
        words = _SAME_WORD.get(self.subtype, (self.subtype,))
        places = [(self.container, self.endian), (self.container, "FILE"), ("WAV", "FILE")]
        attempts = (
            replace(self, container=container, subtype=word, endian=endian)
            for container, endian in places[0 if self.container in _WRITABLE else 2 :]
            for word in words
        )
        fitting = next(filter(AudioFormat._is_writable, attempts))
        if frames and not fitting.holds(frames):
            return replace(fitting, container="RF64")._fitting(None)
        return fitting
