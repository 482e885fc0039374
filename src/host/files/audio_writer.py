"""Write sound files from blocks, to the bit, through libsndfile.

Samples are float64 everywhere, full scale is 1.0, arrays are (channels, n). Integers of up to
32 bits and both float widths go out unchanged.
"""

import contextlib
import math
import os
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import soundfile

from ...audio.arrays import Audio
from ...audio.checks import first_not_finite
from ...audio.clock import clock
from ...errors import AudioFileError, AudioOverError, AudioShapeError, AudioValueError
from ...kernels.samples.dither import Dither
from .audio_format import AudioFormat
from .chunks import list_chunks
from .libsndfile import (
    FFI,
    LIBRARY,
    SET_ADD_PEAK_CHUNK,
    SET_CHANNEL_MAP_INFO,
    SYSTEM_ERROR,
    address,
    filename,
)
from .syncing import sync

_LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}


class AudioWriter:
    """Write a sound file from float64 blocks; the renderer gives a temporary name and renames.

    For integers, a sample that lies on the file's grid is written as it is; any other gets
    triangular dither of one step and is rounded. What is beyond -1.0 or 1.0 is never clipped but
    refused by `AudioOverError`. From 1.0 down to it, the top step itself (2^(bits-1), which no
    word holds) becomes the next lower one: that moves a sample by less than dither may.
    The same samples give the same bytes, however they are cut into blocks.

    Parameters
    ----------
    path
        Replaced if it exists.
    format
        A lossless format, as `AudioFormat.lossless_output` gives it.
    frames
        Expected length; WAV that would pass 4 GB then becomes RF64.
    dither_seed
        Seed of the dither.
    gain
        Headroom: multiplies every sample first. Powers of two keep every bit of a difference
        written one word up.

    Attributes
    ----------
    format
        As it is written.
    position
        Frames written so far.
    peak
        Largest absolute sample so far, gain included; a refused block counts.

    Raises
    ------
    AudioFileError
        The file cannot be made, the format cannot be written, or the disk is full.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        format: AudioFormat,
        frames: int | None = None,
        dither_seed: int = 0,
        gain: float = 1.0,
    ) -> None:
        self.path = Path(path)
        self.position, self.peak, self.gain = 0, 0.0, gain
        if not format.is_lossless:
            raise AudioFileError(f"{self.path}: {format.subtype} loses samples; write a lossless format")
        fitting = format.lossless_output(frames)
        self.format = form = fitting if fitting.extension == format.extension else format
        self._dither = Dither(form.bits, dither_seed) if form.bits else None
        self._file: Any = self._create()
        # The PEAK chunk holds the time of writing: two runs would differ.
        LIBRARY.sf_command(self._file._file, SET_ADD_PEAK_CHUNK, FFI.NULL, 0)
        if form.channel_map:
            places = FFI.new("int[]", form.channel_map)
            LIBRARY.sf_command(self._file._file, SET_CHANNEL_MAP_INFO, places, FFI.sizeof(places))

    def _create(self) -> Any:
        form = self.format
        try:
            self.path.open("wb").close()  # libsndfile does not say why it cannot
            return soundfile.SoundFile(
                filename(self.path),
                "w",
                form.sample_rate,
                form.channels,
                form.subtype,
                form.endian,
                form.container,
            )
        except OSError as error:
            raise AudioFileError(
                f"{self.path}: cannot be written ({error.strerror}); choose another place"
            ) from error
        except (soundfile.LibsndfileError, ValueError) as error:
            if getattr(error, "code", 0) == SYSTEM_ERROR:
                raise self._incomplete() from error
            raise AudioFileError(
                f"{self.path}: {form.container} cannot hold {form.channels} channels of {form.subtype} at"
                f" {form.sample_rate} Hz ({error})"
            ) from error

    def write(self, audio: Audio) -> Audio:
        """Append a block.

        Parameters
        ----------
        audio
            Shape (channels, n), float64; full scale is 1.0.

        Returns
        -------
        numpy.ndarray of float64, shape (channels, n)
            What the file now holds of it: the samples that reading it gives back.

        Raises
        ------
        AudioOverError
            A sample is beyond what the format holds; nothing of this block was written.
        AudioShapeError
            The block has another number of channels than the file.
        AudioValueError
            A sample is NaN or infinity.
        AudioFileError
            The disk is full, or the file would pass what its container can hold.
        """
        form = self.format
        if audio.ndim != 2 or audio.shape[0] != form.channels:
            raise AudioShapeError(
                f"audio of shape {audio.shape} for {self.path}; needed: ({form.channels}, n)"
            )
        audio = np.ascontiguousarray(audio, np.float64)
        if not audio.size:
            return audio
        self._require_in_range(audio)
        count = audio.shape[1]
        if not form.holds(self.position + count):
            raise AudioFileError(
                f"{self.path}: passes 4 GB, the most that {form.container} holds; write RF64"
            )
        held: npt.NDArray[np.floating]
        if self._dither is None:
            block = np.multiply(audio.T, self.gain, order="C")
            if form.subtype == "FLOAT":
                block = block.astype(np.float32).astype(np.float64)
            held = block.T
            written = LIBRARY.sf_writef_double(self._file._file, address("double *", block), count)
        else:
            # libsndfile takes integers left-justified in 32 bits, whatever the file's word.
            words = self._dither.words(audio, self.gain, self.position)
            held = words.T * 2.0**-31
            written = LIBRARY.sf_writef_int(self._file._file, address("int *", words), count)
        if written != count:
            raise self._incomplete()
        self.position += count
        return np.ascontiguousarray(held, np.float64)

    def _require_in_range(self, audio: Audio) -> None:
        bad = first_not_finite(audio, self.position, self.format.sample_rate)
        if bad:
            raise AudioValueError(f"{self.path}: the chain made {bad}")
        peak = float(max(audio.max(), -audio.min())) * self.gain
        self.peak = max(self.peak, peak)
        largest = _LARGEST.get(self.format.subtype, 1.0)
        if peak > largest:
            raise AudioOverError(
                f"{self.path}: audio reaches {self.peak:.6g} of full scale, beyond {self.format.subtype};"
                f" write floats, or lower the gain by {20 * math.log10(self.peak / largest):.2f} dB or more",
                self.path,
                self.peak,
            )

    def _incomplete(self) -> AudioFileError:
        """Find out why not everything was stored: libsndfile does not say."""
        reason = "it was stored only in part"
        try:
            with self.path.open("ab") as file:
                file.write(bytes(1 << 16))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            reason = error.strerror or reason
        at = clock(self.position, self.format.sample_rate)
        return AudioFileError(
            f"{self.path}: writing failed after {at}: {reason}; free space or choose another disk"
        )

    def close(self) -> None:
        """Finish the file, see that all of it can be read back, and sync it to the disk.

        A second call does nothing.

        Raises
        ------
        AudioFileError
            Not all of it was stored.
        """
        if self._file.closed:
            return
        try:
            self._file.close()
            self._mend_header()
            if self.position:
                self._require_complete()
            with self.path.open("rb+") as file:
                sync(file.fileno())
        except (soundfile.LibsndfileError, OSError) as error:
            raise self._incomplete() from error

    def _mend_header(self) -> None:
        """Undo two habits of libsndfile 1.2.2.

        It counts the padding byte of an odd AIFF as one more frame, and writes the PEAK chunk of RF64,
        which holds the time of writing, even when told not to.
        """
        with self.path.open("rb+") as file:
            found = list_chunks(file)
            for chunk in found.chunks if found else []:
                if chunk.identifier == b"COMM":
                    file.seek(chunk.start + 2)
                    file.write(self.position.to_bytes(4, "big"))
                elif chunk.identifier == b"SSND":
                    file.seek(chunk.start - 4)
                    file.write((8 + self.format.data_bytes(self.position)).to_bytes(4, "big"))
                elif chunk.identifier == b"PEAK":
                    file.seek(chunk.start - 8)
                    file.write(b"JUNK" + chunk.size.to_bytes(4, "little") + bytes(chunk.size))

    def _require_complete(self) -> None:
        with soundfile.SoundFile(filename(self.path)) as stored:
            if stored.frames != self.position:
                raise OSError(f"{stored.frames} frames of {self.position}")
            stored.seek(self.position - 1)
            if not len(stored.read(1)):
                raise OSError("its last frame is missing")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.close()
        elif not self._file.closed:
            # What is there is abandoned; the error on its way says more than one about closing.
            with contextlib.suppress(soundfile.LibsndfileError):
                self._file.close()
