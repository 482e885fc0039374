"""Sound files to mutate: every container, ordinary and odd samples, all that files say of themselves."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable
from pathlib import Path

import mutagen
import numpy as np
import numpy.typing as npt
import soundfile
from mutagen import apev2, flac, id3
from wavemend.testing import signals

from . import ogg

Audio = npt.NDArray[np.float64]
Generator = np.random.Generator

_INTEGERS, _FLOATS = ("PCM_16", "PCM_24", "PCM_32"), ("FLOAT", "DOUBLE")
_COMPANDED = ("ULAW", "ALAW")
CONTAINERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "WAV": (".wav", (*_INTEGERS, *_FLOATS, "PCM_U8", *_COMPANDED, "IMA_ADPCM", "MS_ADPCM", "GSM610")),
    "WAVEX": (".wav", (*_INTEGERS, *_FLOATS, "PCM_U8")),
    "RF64": (".rf64", (*_INTEGERS, *_FLOATS, "PCM_U8")),
    "W64": (".w64", (*_INTEGERS, *_FLOATS, "PCM_U8", "MS_ADPCM")),
    "AIFF": (".aiff", (*_INTEGERS, *_FLOATS, "PCM_S8", *_COMPANDED, "IMA_ADPCM", "DWVW_16")),
    "CAF": (".caf", (*_INTEGERS, *_FLOATS, "PCM_S8", *_COMPANDED, "ALAC_16", "ALAC_24")),
    "AU": (".au", (*_INTEGERS, *_FLOATS, "PCM_S8", *_COMPANDED, "G721_32")),
    "FLAC": (".flac", ("PCM_S8", "PCM_16", "PCM_24")),
    "OGG": (".ogg", ("VORBIS",)),
    "OPUS": (".opus", ("OPUS",)),
    "MP3": (".mp3", ("MPEG_LAYER_III",)),
    "VOC": (".voc", ("PCM_16", "PCM_U8")),
    "NIST": (".nist", ("PCM_S8", *_INTEGERS)),
    "IRCAM": (".sf", ("PCM_16", "PCM_32", "FLOAT")),
    "PAF": (".paf", ("PCM_S8", "PCM_16", "PCM_24")),
    "SVX": (".svx", ("PCM_S8", "PCM_16")),
    "AVR": (".avr", ("PCM_S8", "PCM_16")),
    "PVF": (".pvf", ("PCM_16", "PCM_32")),
    "SDS": (".sds", ("PCM_S8", "PCM_16", "PCM_24")),
    "MAT4": (".mat", ("PCM_16", *_FLOATS)),
    "MAT5": (".mat", ("PCM_16", *_FLOATS)),
    "HTK": (".htk", ("PCM_16",)),
    "MPC2K": (".mpc", ("PCM_16",)),
    "XI": (".xi", ("DPCM_16",)),
    "WVE": (".wve", ("ALAW",)),
}
"""Ending and subtypes of each container that is written here."""

_FORMATS = {"OPUS": "OGG"}  # in libsndfile's words
_LOSSY_RATES = {
    "OPUS": (8000, 12000, 16000, 24000, 48000),
    "OGG": (8000, 22050, 44100, 48000, 96000),
    "MP3": (8000, 16000, 22050, 44100, 48000),
    "WVE": (8000,),
}
_RATES = (4000, 5512, 8000, 11025, 22050, 44100, 48000, 88200, 96000, 192000)
# libsndfile writes when a file was made into two places, and the same case has the same bytes every time.
_PEAK_TIME = re.compile(rb"(PEAK.{8}).{4}", re.DOTALL)
_TIME = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_ODD_LENGTHS = (0, 1, 2, 3, 4, 7, 16, 50, 100, 500, 1000, 2047, 4999)


def constant(rng: Generator, channels: int, frames: int) -> Audio:
    """Return one level, full scale and silence among them."""
    return np.full((channels, frames), rng.choice([0.0, 1.0, -1.0, 0.5, 1e-5, -1e-3]))


def alternating(rng: Generator, channels: int, frames: int) -> Audio:
    """Return full scale of one sign, then of the other, at every period."""
    period = int(rng.choice([1, 2, 3, 10, 441]))
    return np.tile(np.where(np.arange(frames) // period % 2, -1.0, 1.0), (channels, 1))


def impulses(rng: Generator, channels: int, frames: int) -> Audio:
    """Return silence, or a little noise, with full scale at the ends and in few places."""
    audio = rng.choice([0.0, 1e-6, 0.01]) * rng.standard_normal((channels, frames))
    if frames:
        audio[:, [0, -1, *rng.integers(0, frames, 3)]] = rng.choice([1.0, -1.0])
    return audio


def steps(rng: Generator, channels: int, frames: int) -> Audio:
    """Return levels that stay for a while."""
    levels = rng.uniform(-1, 1, (channels, 8))
    return np.take(levels, np.arange(frames) * 8 // max(frames, 1), axis=1)


def noise(rng: Generator, channels: int, frames: int) -> Audio:
    """Return noise at a level between the last bit and full scale."""
    return np.clip(10 ** rng.uniform(-6, 0) * rng.standard_normal((channels, frames)), -1, 1)


def tone(rng: Generator, channels: int, frames: int) -> Audio:
    """Return a tone, clipped where it is louder than full scale."""
    wave = rng.choice([0.1, 1.0, 3.0]) * np.sin(rng.uniform(1e-4, np.pi) * np.arange(frames))
    return np.clip(np.tile(wave, (channels, 1)), -1, 1)


def unheard(rng: Generator, channels: int, frames: int) -> Audio:
    """Return floats that no other format has: denormal, very large, not finite."""
    audio = 0.1 * rng.standard_normal((channels, frames))
    extreme = rng.choice([5e-324, 1e-40, 1e30, 3e38, np.nan, np.inf, -np.inf])
    if frames:
        audio[:, rng.integers(0, frames, int(rng.choice([1, 5, frames])))] = extreme
    return audio


_ODD: tuple[Callable[[Generator, int, int], Audio], ...] = (
    constant, alternating, impulses, steps, noise, tone, unheard,  # the last for floats alone
)  # fmt: skip


def write_sound(rng: Generator, container: str, folder: Path) -> tuple[Path, str]:
    """Write a sound file without anything beside its samples; return it, and what it is in words."""
    ending, subtypes = CONTAINERS[container]
    subtype = str(rng.choice(subtypes))
    rates = _LOSSY_RATES.get(container, _RATES)
    rate = int(rng.choice(rates))
    channels = int(rng.choice([1, 2, 2, 3, 6, 8]))
    ordinary = rng.random() < 0.5
    if ordinary:
        rate, channels = int(rng.choice(rates[-4:])), min(channels, 2)
        frames = int(rng.integers(rate // 5, rate))
        audio, content = signals.damaged(rate, channels, frames, seed=int(rng.integers(100))), "damaged"
    else:
        # libsndfile's lossy encoders abort on what is not finite, and integers cannot hold it
        make = _ODD[rng.integers(len(_ODD) - (subtype not in _FLOATS))]
        frames = int(rng.choice([*_ODD_LENGTHS, rng.integers(5000), rng.integers(60000)]))
        audio, content = make(rng, channels, frames), make.__name__
        if subtype.startswith("ALAC"):  # libsndfile's encoder writes beyond its memory what does not compress
            subtype = "PCM_16"
    path = folder / f"sound{ending}"
    channels = _store(path, container, subtype, rate, audio)
    return path, f"{container} {subtype} {rate} Hz {channels} ch {frames} {content}"


def _store(path: Path, container: str, subtype: str, rate: int, audio: Audio) -> int:
    """Write with libsndfile, in as few channels as the container takes; return their number."""
    form = _FORMATS.get(container, container)
    for channels in (audio.shape[0], 2, 1):
        try:
            with soundfile.SoundFile(path, "w", rate, channels, subtype, None, form) as file:
                # its lossy encoders crash on very long calls
                for start in range(0, audio.shape[1], 8192):
                    file.write(np.ascontiguousarray(audio[:channels, start : start + 8192].T))
        except soundfile.LibsndfileError:
            continue
        data = _TIME.sub(rb"2026-01-01 00:00:00", _PEAK_TIME.sub(rb"\1\0\0\0\0", path.read_bytes()))
        path.write_bytes(ogg.renumbered(data) if form == "OGG" else data)
        return channels
    raise ValueError(f"libsndfile writes no {container} {subtype} at {rate} Hz")


def _texts(rng: Generator) -> list[str]:
    long = "x" * int(rng.choice([0, 1, 100, 70_000]))
    return ["", "Side A", "Männerchor \u2028 «1931»", "=", "\0", "3/12", "1931-04-01", long]


def _payload(rng: Generator, size: int) -> bytes:
    return rng.bytes(size) if rng.random() < 0.5 else b"\0" * size


def _info(rng: Generator) -> bytes:
    """Return an INFO list: a few texts, or thousands of tiny ones."""
    few = rng.random() < 0.7
    names = (b"INAM", b"IART", b"ICMT", b"ICRD", b"IXYZ", b"ISFT")
    texts = [text.encode() for text in _texts(rng)] if few else [b"a%d" % n for n in range(3000)]
    entries = (
        names[number % len(names)] + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
        for number, text in enumerate(texts)
    )
    return b"INFO" + b"".join(entries)


def _cue(rng: Generator) -> bytes:
    count = int(rng.choice([0, 1, 5, 2000]))
    point = struct.pack("<II4sIII", 1, 99, b"data", 0, 0, int(rng.integers(1 << 32)))
    return struct.pack("<I", count) + point * count


def _id3_bytes(rng: Generator) -> bytes:
    tags = id3.ID3()
    _fill_id3(rng, tags)
    from io import BytesIO

    file = BytesIO()
    tags.save(file, v2_version=int(rng.choice([3, 4])))
    return file.getvalue()


def _fill_id3(rng: Generator, tags: id3.ID3) -> None:
    for number, text in enumerate(_texts(rng)):
        tags.add(id3.TXXX(encoding=3, desc=f"KEY {number}", text=[text]))
    tags.add(id3.TIT2(encoding=3, text=["Side A"]))
    tags.add(id3.TRCK(encoding=3, text=["3/12"]))
    tags.add(id3.TDRC(encoding=3, text=["1931-04"]))
    tags.add(id3.COMM(encoding=1, lang="eng", desc="", text=["a comment"]))
    tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="label", data=_payload(rng, 300)))
    tags.add(id3.PRIV(owner="PeakValue", data=b"1234"))
    if rng.random() < 0.2:
        for number in range(3000):
            tags.add(id3.TXXX(encoding=0, desc=f"{number}", text=["a"]))


def _picture(rng: Generator) -> flac.Picture:
    made = flac.Picture()
    made.type, made.mime, made.desc, made.data = 3, "image/png", "label", _payload(rng, 300)
    return made


def _chunks(rng: Generator, order: str) -> list[tuple[bytes, bytes]]:
    """Return chunks of a WAV or AIFF."""
    if order == ">":
        return [
            (b"NAME", b"Side A"), (b"AUTH", b""), (b"ANNO", b"x" * int(rng.integers(3000))),
            (b"MARK", _payload(rng, 60)), (b"INST", _payload(rng, 20)), (b"COMT", _payload(rng, 30)),
            (b"ID3 ", _id3_bytes(rng)), (b"APPL", _payload(rng, 40)), (b"CHAN", _payload(rng, 12)),
        ]  # fmt: skip
    bext = bytearray(b"Side A, lacquer 12".ljust(602, b"\0") + b"A=ANALOGUE\r\n")
    bext[346:348] = struct.pack("<H", int(rng.integers(4)))
    return [
        (b"bext", bytes(bext[: int(rng.choice([0, 100, 602, len(bext)]))])),
        (b"iXML", b"<BWFXML><LOUDNESS/></BWFXML>"), (b"axml", b"<ebuCoreMain>" * int(rng.integers(300))),
        (b"LIST", _info(rng)), (b"LIST", b"adtl" + _payload(rng, 50)), (b"cue ", _cue(rng)),
        (b"levl", _payload(rng, 150)), (b"smpl", _payload(rng, 60)), (b"MD5 ", _payload(rng, 16)),
        (b"id3 ", _id3_bytes(rng)), (b"fact", _payload(rng, 4)), (b"inst", _payload(rng, 7)),
        (b"umid", b""), (b"chna", _payload(rng, 44)), (b"PEAK", _payload(rng, 16)),
    ]  # fmt: skip


def tag(rng: Generator, container: str, path: Path) -> str:
    """Put into a sound file what its container can say about itself; return the names of that."""
    data = path.read_bytes()
    if container in ("WAV", "WAVEX", "RF64", "AIFF"):
        order = ">" if container == "AIFF" else "<"
        all_of = _chunks(rng, order)
        chosen = [all_of[at] for at in rng.permutation(len(all_of))[: rng.integers(1, 6)]]
        for name, payload in chosen:
            data += name + struct.pack(f"{order}I", len(payload)) + payload + b"\0" * (len(payload) % 2)
        total = (20, "<Q") if container == "RF64" else (4, f"{order}I")
        size = struct.pack(total[1], len(data) - 8)
        path.write_bytes(data[: total[0]] + size + data[total[0] + len(size) :])
        return " ".join(name.decode().strip() for name, _ in chosen)
    if container == "W64":
        guid = b"bextxxxx"[:4] + bytes.fromhex("f3acd3118cd100c04f8edb8a")
        path.write_bytes(data + guid + struct.pack("<Q", 24 + 608) + _payload(rng, 608))
        return "bext"
    if container == "CAF":
        texts = b"title\0Side A\0artist\0\0" * int(rng.choice([1, 1000]))
        for name, payload in ((b"info", struct.pack(">I", 2) + texts), (b"mark", _payload(rng, 48))):
            data += name + struct.pack(">Q", len(payload)) + payload
        path.write_bytes(data)
        return "info mark"
    if container == "AU":
        start = struct.unpack(">I", data[4:8])[0]
        text = b"Side A" + b"\0" * int(rng.integers(30))
        moved = data[:4] + struct.pack(">I", start + len(text)) + data[8:start] + text + data[start:]
        path.write_bytes(moved)
        return "annotation"
    if container in ("FLAC", "OGG", "OPUS"):
        return _tag_vorbis(rng, path)
    if container == "MP3":
        return _tag_mpeg(rng, path)
    return ""


def _tag_vorbis(rng: Generator, path: Path) -> str:
    try:
        file = mutagen.File(path)
    except mutagen.MutagenError:
        file = None
    if file is None:  # of so few samples that libsndfile wrote half a header, or none
        return ""
    if file.tags is None:
        file.add_tags()
    for number, text in enumerate(_texts(rng)):
        file.tags.append((f"KEY{number}", text))
    if rng.random() < 0.2:
        file.tags.extend((f"K{number}", "a") for number in range(3000))
    if isinstance(file, flac.FLAC):
        file.add_picture(_picture(rng))
        if rng.random() < 0.5:
            file.cuesheet = flac.CueSheet(None)
    else:
        file.tags.append(("METADATA_BLOCK_PICTURE", base64.b64encode(_picture(rng).write()).decode()))
    file.save()
    return "comments picture"


def _tag_mpeg(rng: Generator, path: Path) -> str:
    said = []
    if rng.random() < 0.7:
        tags = id3.ID3()
        _fill_id3(rng, tags)
        tags.save(path, v1=int(rng.choice([0, 2])), v2_version=int(rng.choice([3, 4])))
        said.append("ID3")
    if rng.random() < 0.5:
        ape = apev2.APEv2()
        for number, text in enumerate(_texts(rng)):
            ape[f"Key {number}"] = text
        ape["Cover Art (Front)"] = apev2.APEValue(b"a.png\0" + _payload(rng, 100), apev2.BINARY)
        ape.save(path)
        said.append("APE")
    if rng.random() < 0.3:
        text = b"LYRICSBEGININD0000210"
        path.write_bytes(path.read_bytes() + text + b"%06d" % len(text) + b"LYRICS200")
        said.append("Lyrics3")
    return " ".join(said)
