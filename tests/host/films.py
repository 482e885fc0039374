"""Small films for the host's tests: a flash of the pictures, and a click of the sound, at one time."""

import itertools
from fractions import Fraction

import av
import numpy as np

RATE = 44_100
FLASH_S = 1.2
TAGS = {"title": "Summer at the lake", "artist": "Uncle Joe"}
CHAPTERS = [
    {"id": 1, "start": 0, "end": 800, "time_base": Fraction(1, 1000), "metadata": {"title": "Lake"}},
    {"id": 2, "start": 800, "end": 2000, "time_base": Fraction(1, 1000), "metadata": {"title": "Car"}},
]
PACKET = 1024


def sound(seconds=2.0, channels=2, rate=RATE):
    """Hiss with a click at the time of the flash, shape (channels, n), on the grid of 16 bits."""
    audio = 0.003 * np.random.default_rng(1).standard_normal((channels, int(seconds * rate)))
    at = round(FLASH_S * rate)
    audio[:, at : at + 3] = np.array([0.8, -0.6, 0.3])
    return np.rint(audio * 2**15) / 2**15


def silenced(audio, seconds):
    """`audio` without its first seconds."""
    audio[:, : int(seconds * RATE)] = 0
    return audio


def make_film(
    path, container, coding="aac", *, video="mpeg4", second="aac",
    start_s=0.0, stamp=lambda at: at, others=None, last=None, options=None, tags=TAGS, silent_s=0.0,
):  # fmt: skip
    """Write a film of 2 s: moving pictures with B-frames, two sound tracks, chapters and tags; return `path`.

    The first sound begins at `start_s`; `stamp` gives the stamp of its sample number `at`, in samples.
    `others` adds tracks to the open film, and `last` writes their packets.
    """
    with av.open(str(path), "w", format=container, container_options=options or {}) as out:
        out.metadata.update(tags)
        streams, frames = [], []
        if video:
            streams.append(_pictures(out, video))
            frames.append(_drawn(streams[-1]))
        for name, audio, language, first in (
            (coding, silenced(sound(), silent_s), "deu", start_s),
            (second, sound(channels=1, rate=48_000), "fra", 0.0),
        ):
            if name:
                rate = RATE if audio.shape[0] == 2 else 48_000
                made = out.add_stream(name, rate=rate, layout="stereo" if len(audio) == 2 else "mono")
                made.metadata.update({"language": language, "title": f"in {language}"})
                made.disposition = av.stream.Disposition(1 if language == "deu" else 8)
                streams.append(made)
                frames.append(
                    _played(made, audio, rate, first, stamp if language == "deu" else (lambda at: at))
                )
        out.set_chapters(CHAPTERS)
        if others:
            others(out)
        for stream, frame in sorted(itertools.chain(*frames), key=lambda one: one[1].pts * one[1].time_base):
            out.mux(stream.encode(frame))
        if last:
            last(out)
        for stream in streams:
            out.mux(stream.encode(None))
    return path


def _pictures(out, video):
    made = out.add_stream(video, rate=25)
    made.width, made.height, made.pix_fmt = 32, 32, "yuv420p"
    if video == "mpeg4":
        made.codec_context.options = {"bf": "2"}
    made.metadata["language"] = "eng"
    return made


def _drawn(stream):
    for number in range(50):
        grey = 255 if number == round(FLASH_S * 25) else 3 * number % 60
        frame = av.VideoFrame.from_ndarray(np.full((32, 32), grey, np.uint8), "gray").reformat(
            format="yuv420p"
        )
        frame.pts, frame.time_base = number, Fraction(1, 25)
        yield stream, frame


def _played(stream, audio, rate, start_s, stamp):
    context = stream.codec_context
    kind = context.format.name
    size = context.frame_size or PACKET
    for at in range(0, audio.shape[1], size):
        block = audio[:, at : at + size]
        if kind.startswith("s16"):
            words = (block * 2**15).astype(np.int16)
        elif kind.startswith("s32"):
            words = (block * 2**31).astype(np.int32)
        else:
            words = block.astype(np.float32)
        if not kind.endswith("p"):
            words = np.ascontiguousarray(words.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(words), format=kind, layout=context.layout.name
        )
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = stamp(at) + round(start_s * rate)
        yield stream, frame


def packets(path, kind, number=0):
    """Bytes and times, in seconds, of the packets of a track, counted among those of its kind."""
    with av.open(str(path)) as film:
        stream = [one for one in film.streams if one.type == kind][number]
        return [
            (bytes(one), *(at if at is None else at * one.time_base for at in (one.pts, one.dts)))
            for one in film.demux(stream)
            if one.size
        ]


def heard(path, number=0):
    """When the loudest sample of a sound track is heard, and all its samples, shape (channels, n)."""
    with av.open(str(path)) as film:
        stream = film.streams.audio[number]
        blocks, times = [], []
        for frame in film.decode(stream):
            block = frame.to_ndarray()
            block = block if frame.format.is_planar else block.reshape(frame.samples, -1).T
            scale = 1.0 if block.dtype.kind == "f" else -float(np.iinfo(block.dtype).min)
            blocks.append(block / scale)
            times.append(float(frame.pts * frame.time_base) + np.arange(frame.samples) / frame.rate)
        audio = np.concatenate(blocks, axis=1)
        return float(np.concatenate(times)[np.abs(audio[0]).argmax()]), audio


def seen(path):
    """When the flash is seen."""
    with av.open(str(path)) as film:
        grey = [
            (frame.to_ndarray(format="gray").mean(), frame.pts * frame.time_base)
            for frame in film.decode(video=0)
        ]
        return float(max(grey)[1])


def chapters(path):
    """Beginnings and ends, in seconds, and titles of the chapters."""
    with av.open(str(path)) as film:
        return [
            (float(one["start"] * one["time_base"]), float(one["end"] * one["time_base"]), one["metadata"])
            for one in film.chapters()
        ]


def described(path):
    """Tags of a film, and of each track its kind, language, name and marks."""
    with av.open(str(path)) as film:
        tags = {key.lower(): text for key, text in film.metadata.items()}
        tracks = [
            (
                one.type,
                one.metadata.get("language"),
                one.metadata.get("title", one.metadata.get("name")),
                int(one.disposition),
            )
            for one in film.streams
            if one.type != "data"
        ]
        return {key: text for key, text in tags.items() if key in {"title", "artist"}}, tracks
