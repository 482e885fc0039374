"""Read sound files block by block, to the bit, through libsndfile.

Samples are float64 everywhere, full scale is 1.0, arrays are (channels, n). Integers of up to
32 bits and both float widths come through unchanged.
"""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, Self

import numpy as np
import soundfile

from ...audio.arrays import Audio
from ...audio.checks import MAX_CHANNELS, first_not_finite
from ...audio.clock import clock
from ...errors import AudioFileError
from .au_header import read_au_header
from .audio_format import AudioFormat
from .chunks import W64, list_chunks
from .compressed_streams import MpegStream, MpegView, is_joined_ogg, lacks_end_mark, read_mpeg_stream
from .flac_stream import FlacStream, RecountedFlac, SampleHash, read_flac_stream
from .libsndfile import SoundInput
from .sds_packets import has_damaged_packets
from .source_file import SourceFile, SourceView
from .trailing_tags import synchsafe
from .video.track_file import as_sound

_MAX_SAMPLE_RATE = 768_000  # guard: no converter is faster, and headers lie
# libsndfile 1.2.2 makes noise of the ALAC frames that did not compress, except in 16 bits.
_DAMAGED_BY_LIBSNDFILE = frozenset(("ALAC_20", "ALAC_24", "ALAC_32"))
_PIECE = 1 << 20  # guard: frames decoded at once, so that a header that lies cannot make us allocate
_UNKNOWN_FRAMES = 1 << 60  # source: libsndfile says so many or more where it does not know
_PADDING_S = 0.1  # guard: an encoder's own, which some count and some do not, is shorter
_LOST = 1 << 61  # guard: position after an error: the next read looks for its place anew
_MOST_TAGS = 16  # guard: tags before a file's sound
_RAW_SUFFIXES = frozenset((".raw", ".gsm", ".vox"))
_TAGGED = re.compile(rb"fLaC|RIFF|RIFX|FORM|\.snd|dns\.")  # what an ID3 tag may stand before, besides MPEG


class AudioReader:
    """Read a sound file as float64 blocks.

    Opening accepts a recording of no frames. `frames` is what the header says; a lossy file whose
    decoding ends earlier is believed at that point and `frames` shrinks, while in a lossless file
    that is an error. Streams that do not say how long they are get decoded once to find out.
    Reading on where the last read ended is fast; in lossy files going elsewhere decodes from the
    start, so that any order of reading gives the same samples.

    Parameters
    ----------
    source
        An existing file, or one that is open already, which stays open: for several readers of one file.
        Of a film it is the sound track that players play.

    Attributes
    ----------
    source
        The open file.
    path
        What it was opened by.
    format
        As the file says.
    frames
        Length of the recording.

    Raises
    ------
    AudioFileError
        The file is missing, may not be read, is no sound file, or its header contradicts itself.
    """

    def __init__(self, source: str | os.PathLike[str] | SourceFile) -> None:
        self._owns = ExitStack()
        self.source = self._opened(source)
        self.path = self.source.path
        self._file: SoundInput | None = None
        self._mpeg: MpegStream | None = None
        self._flac: FlacStream | None = None
        self._hash: SampleHash | None = None
        try:
            if self.path.suffix.lower() in _RAW_SUFFIXES:  # nothing in them says what they are
                raise AudioFileError(f"{self.path}: raw samples do not say what they are; save them as WAV")
            self._view = self._corrected_view()
            self._file = self._open()
            self._position = 0
            self.frames: int = self._file.frames
            self._promised = self.frames
            self.format = self._read_format()
            self._check_header()
            if self._is_joined():
                raise AudioFileError(
                    f"{self.path}: several recordings joined, of which only the first can be read; split it"
                )
            if self._flac and self._flac.md5 and self._flac.bits == self.format.bits:
                self._hash = SampleHash(self._flac.bits)
            if (self._mpeg and not self._mpeg.has_length) or self.frames >= _UNKNOWN_FRAMES:
                self._count_frames()
        except BaseException:
            self.close()
            raise

    def _opened(self, source: str | os.PathLike[str] | SourceFile) -> SourceFile:
        """Return what is read: the file, or the sound of a film; what is opened here is closed by `close`."""
        with self._owns as opened:
            if not isinstance(source, SourceFile):
                source = opened.enter_context(SourceFile(source))
            sound = as_sound(source)
            if sound is not source:
                opened.enter_context(sound)
            self._owns = opened.pop_all()
        return sound

    def _corrected_view(self) -> SourceView:
        """Return the file without what libsndfile gets wrong."""
        with self.source.open() as file:
            if has_damaged_packets(file):  # libsndfile would tell of each on standard output
                raise AudioFileError(
                    f"{self.path}: damaged: packets of the sample dump are missing; dump it again"
                )
            file.seek(0)
            self._flac = read_flac_stream(file)
            if self._flac and self._flac.is_counted_short:
                return RecountedFlac(self.source, self._flac)
            if begin := _behind_tags(file):
                return SourceView(self.source, begin)
            file.seek(0)
            self._mpeg = read_mpeg_stream(file)
        if self._mpeg and (not self._mpeg.has_length or self._mpeg.end < self.source.size):
            return MpegView(self.source, self._mpeg)
        return self.source.view()

    def _is_joined(self) -> bool:
        if self.format.container == "OGG":
            with self.source.open() as file:
                return is_joined_ogg(file)
        stream = self._flac or self._mpeg
        return stream is not None and stream.is_joined

    def _open(self) -> SoundInput:
        try:
            self._view.seek(0)
            return SoundInput(self._view)
        except soundfile.LibsndfileError as error:
            self.source.check()
            raise AudioFileError(
                f"{self.path}: cannot be read as sound ({error.error_string.rstrip('.')}); if it is sound,"
                " convert it to WAV or FLAC with the program that made it"
            ) from error

    def _reopen(self) -> None:
        self._sound.close()
        self._file, self._position = self._open(), 0

    @property
    def _sound(self) -> SoundInput:
        if self._file is None:
            raise ValueError(f"{self.path}: is closed")
        return self._file

    def _read_format(self) -> AudioFormat:
        file = self._sound
        container, coding = self.source.container or file.format, self.source.lossy_coding or file.subtype
        return AudioFormat(container, coding, file.samplerate, file.channels, file.endian, file.channel_map())

    def _check_header(self) -> None:
        """Refuse what libsndfile lets pass: it quietly plays whatever bytes are there."""
        form = self.format
        if form.channels > MAX_CHANNELS or form.sample_rate > _MAX_SAMPLE_RATE:
            raise AudioFileError(
                f"{self.path}: claims {form.channels} channels at {form.sample_rate} Hz; at most"
                f" {MAX_CHANNELS} channels and {_MAX_SAMPLE_RATE} Hz are read: split or convert it"
            )
        if form.subtype in _DAMAGED_BY_LIBSNDFILE:
            raise AudioFileError(
                f"{self.path}: {form.subtype} cannot be read reliably; convert it to WAV or FLAC"
            )
        with self.source.open() as file:
            if (au := read_au_header(file)) and au.size is not None:
                self._require_counted(file.seek(0, os.SEEK_END) - au.start - au.size)
            found = list_chunks(file)
            if found is None or (audio := found.audio) is None:
                return
            frame_bytes = form.data_bytes(1) if form.is_lossless else 0
            shape = next((chunk for chunk in found.chunks if chunk.identifier[:4] == b"fmt "), None)
            if shape is not None and frame_bytes:
                file.seek(shape.start + 12)
                stated = int.from_bytes(file.read(2), "big" if form.endian == "BIG" else "little")
                if stated != frame_bytes:
                    raise AudioFileError(
                        f"{self.path}: the header contradicts itself: {form.channels} channels of"
                        f" {form.subtype} make {frame_bytes} bytes a frame, not {stated}; export it again"
                    )
        missing = audio.start + audio.size - found.file_size
        if missing >= max(frame_bytes, 2) and not _is_open_ended(audio.size):
            raise AudioFileError(
                f"{self.path}: truncated: the header promises {audio.size} bytes of audio, the last"
                f" {missing} are missing; copy it again"
            )
        if found.style is W64 and frame_bytes and missing < 0:
            # libsndfile 1.2.2 plays the chunks behind the audio as well.
            self.frames = min(self.frames, audio.size // frame_bytes)
        if self.frames * frame_bytes <= audio.size:
            self._require_counted(found.file_size - found.end)

    def _require_counted(self, stray: int) -> None:
        """Refuse so many bytes behind the audio that are neither audio nor anything else."""
        tolerated = self.format.data_bytes(self.format.sample_rate) if self.frames else 0
        if stray > tolerated:
            raise AudioFileError(
                f"{self.path}: the header counts {self.frames} frames, but {stray} bytes follow that belong"
                " to nothing: its recorder was interrupted or it passed 4 GB; repair its header in an editor"
            )

    def _count_frames(self) -> None:
        total = 0
        while count := self._decode(_PIECE).shape[0]:
            total += count
        self.frames = self._promised = total
        self._reopen()

    def cut_short(self) -> str:
        """Say how a lossy file that was read through is cut short; nothing where it is whole."""
        if self.source.cut:
            return self.source.cut
        if self._promised - self.frames > _PADDING_S * self.format.sample_rate:
            return f"ends at {self._clock(self.frames)} of {self._clock(self._promised)}"
        if self.format.container == "OGG":
            with self.source.open() as file:
                if lacks_end_mark(file):
                    return f"ends at {self._clock(self.frames)} without the mark of an end"
        return ""

    def contradictions(self) -> list[str]:
        """Say where the header of a file that was read through does not fit what follows; one line each."""
        told = list(self.source.told)
        if (flac := self._flac) and flac.is_counted_short:
            stated, held = self._clock(flac.stated), self._clock(self.frames)
            told.append(f"the header counts {stated}, but the stream goes on to {held}; all of it was read")
        if flac and self._hash and self._hash.frames == self.frames and self._hash.digest() != flac.md5:
            told.append("the samples do not fit the MD5 in the header: they changed since it was written")
        return told

    def _clock(self, frame: int) -> str:
        return clock(frame, self.format.sample_rate)

    def _decode(self, count: int) -> Audio:
        """Decode up to so many of the next frames; shape (n, channels)."""
        count = min(count, _PIECE)
        block = np.empty((count, self.format.channels))
        done = 0
        while done < count:
            got = self._sound.decode(block[done:])
            if got <= 0:
                break
            done += got
        if done < count and (code := self._sound.error):
            at, self._position = self._clock(self._position + done), _LOST
            reason = soundfile.LibsndfileError(code).error_string.rstrip(".")
            raise self._damaged(f"damaged at {at}: {reason}")
        if self._hash and self._hash.frames == self._position:
            self._hash.add(block[:done])
        self._position += done
        return block[:done]

    def _damaged(self, what: str) -> AudioFileError:
        """Return the error for a file that is not what its header says, unless it is just being changed."""
        self.source.check()
        return AudioFileError(f"{self.path}: {what}; copy it again")

    def _seek(self, start: int) -> None:
        if self.format.is_lossless:
            self._position = _LOST
            if not self._sound.go_to(start):
                raise self._damaged(f"damaged before {self._clock(start)}: that place cannot be found")
            self._position = start
            return
        if start < self._position:
            self._reopen()
        while self._position < start and self._decode(start - self._position).shape[0]:
            pass

    def read(self, start: int, count: int) -> Audio:
        """Read frames.

        Parameters
        ----------
        start
            First frame, from 0.
        count
            Frames to read; fewer come at the end of the recording, none beyond it.

        Returns
        -------
        numpy.ndarray of float64, shape (channels, n)
            Full scale is 1.0.

        Raises
        ------
        AudioFileError
            The file is damaged or shorter than its header says, or holds NaN or infinity.
        """
        if start < 0 or count < 0:
            raise ValueError(f"start={start} and count={count} must not be negative")
        count = max(0, min(count, self.frames - start))
        if count and start != self._position:
            self._seek(start)
        pieces = [self._decode(count)]
        left = count - pieces[0].shape[0]
        while left and pieces[-1].shape[0]:
            pieces.append(self._decode(left))
            left -= pieces[-1].shape[0]
        if left:
            if self.format.is_lossless:
                ends, whole = self._clock(self._position), self._clock(self.frames)
                raise self._damaged(f"truncated: ends at {ends} of {whole}")
            self.frames = self._position
            if not self.frames:
                self.source.check()  # it may have been cut while it was read
                whole = self._clock(self._promised)
                raise AudioFileError(f"{self.path}: nothing of its {whole} can be decoded; copy it again")
        audio = np.ascontiguousarray((np.concatenate(pieces) if len(pieces) > 1 else pieces[0]).T)
        if not self.format.is_integer and (bad := first_not_finite(audio, start, self.format.sample_rate)):
            raise AudioFileError(f"{self.path}: holds {bad}; export the recording again")
        return audio

    def blocks(self, size: int) -> Iterator[Audio]:
        """Read the whole recording from its start in blocks of `size` frames, the last one shorter.

        Raises
        ------
        AudioFileError
            As `read` does, and where the file changed since it was opened: it is checked at the end.
        """
        if size < 1:
            raise ValueError(f"size={size} must be a positive number of frames")
        start = 0
        while (block := self.read(start, size)).shape[1]:
            yield block
            start += block.shape[1]
        self.source.check()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._file is not None:
            self._file.close()
        self._owns.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()


def _behind_tags(file: BinaryIO) -> int:
    """Return where what is no MPEG begins behind ID3 tags; 0 where none are before it.

    libsndfile skips such tags only in files that it opens by their names.
    """
    at = 0
    for _ in range(_MOST_TAGS):
        file.seek(at)
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            return at if _TAGGED.match(head) else 0
        at += len(head) + synchsafe(head[6:])
    return 0


def _is_open_ended(size: int) -> bool:
    """Whether a size is what programs put that write into a pipe and cannot know it."""
    return any(0 <= (1 << power) - size <= 4096 for power in (31, 32, 63, 64))
