"""What the impulse detector is trained on: renders and recordings whose licences let weights be shipped.

- mma scores of grooves that the benchmark does not use, and `scores`, rendered with FluidR3 GM (MIT);
- single strokes and sounds of sonic-pi-samples (CC0); its loops only where they are in the tuning set;
- speech: festvox-ru's tuning half (BSD-like), Italian and Russian prompts of Asterisk (CC-BY).

Everything is split by recording: a rendered piece, a sound or a clip of speech is trained on or validated on
as a whole. The readers, few as they are, speak in both. Nothing in the benchmark's report set is touched.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import soundfile
from bench.material.fetch_audio import CACHE, GROOVES, SOUND_FONT, FetchError, dance_band_score, fetch
from bench.material.takes import split_of

from . import scores

RENDERS = CACHE / "impulses-training"
RENDER_TIMEOUT_S = 120  # guard: some MIDI files never end
BANDS = (
    "50srock", "8beat", "afro-cuban", "bebop", "bluegrass", "blues", "boggiewoggie", "bolero", "bossanova",
    "broadway", "bwmarch", "calypso", "chacha", "countryswing", "countrywaltz", "cubanguitar", "dixiemarch",
    "easyswing", "fastjazzwaltz", "folk", "guitarballad", "hymn", "jazzguitar", "jazzwaltz", "jive",
    "latinwaltz", "lullaby", "mambo", "march", "mellowjazz", "merengue", "modernjazz", "pianoballad", "salsa",
    "samba", "showtune", "shuffleboggie", "ska", "slowbroadway", "softshoe", "spiritual", "stringballad",
    "strut", "trance", "twist", "westernswing", "zydeco",
)  # fmt: skip
# tuned: by hand, no record; see models/impulses-2.md
BARS = 20
VALIDATION_SHARE = 0.12
SOLO_PROGRAMS = (
    *scores.PLUCKED, *scores.STRUCK, *scores.BRASS, *scores.DISTORTED, *scores.SUSTAINED, *scores.NOISES,
    *scores.BASSES,
)  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """A file to train on: what kind of sound it is, and where."""

    name: str
    kind: str
    path: Path

    @property
    def validates(self) -> bool:
        """Whether it is kept from training, by the hash of its name."""
        digest = sha256(f"impulses {self.name}".encode()).digest()
        return int.from_bytes(digest[:2], "big") < VALIDATION_SHARE * 65536


def recordings() -> list[Recording]:
    """Return all material, rendered and fetched where it is not there yet, in a fixed order."""
    if overlap := {name.lower() for name in GROOVES} & set(BANDS):
        raise ValueError(f"the benchmark uses {', '.join(sorted(overlap))}")
    render_all()
    found = [Recording(f"render/{path.stem}", path.stem.split("-")[0], path)
             for path in sorted(RENDERS.glob("*.flac"))]  # fmt: skip
    found += _package("sonic-pi-samples", _sonic_pi_kind)
    found += _package("festvox-ru", lambda name: "speech")
    for name in ("asterisk-core-sounds-it-g722", "asterisk-core-sounds-ru-g722"):
        found += _package(name, lambda name: "speech", halves=False)
    return found


def _sonic_pi_kind(name: str) -> str:
    if name.startswith(("vinyl_", "glitch_", "loop_electric", "elec_tick", "elec_pop")):
        return ""  # holds clicks
    if name.startswith(("ambi_", "loop_drone")):
        return "texture"
    return "strokes"


def _package(package: str, kind_of: Callable[[str], str], halves: bool = True) -> Iterator[Recording]:
    folder = fetch(package)
    for path in sorted(folder.rglob("*.flac")):
        name = f"{package}/{path.relative_to(folder).with_suffix('')}"
        # In the benchmark only loops and speech stand for the report set; single strokes are in no take.
        in_takes = halves and (package != "sonic-pi-samples" or path.stem.startswith("loop_"))
        kind = kind_of(path.stem)
        if kind and not (in_takes and split_of(name) == "report"):
            yield Recording(name, kind, path)


def render_all() -> None:
    """Render every score that is not rendered yet into the benchmark's cache."""
    RENDERS.mkdir(parents=True, exist_ok=True)
    for seed, groove in enumerate(BANDS):
        _once(f"band-{groove}", lambda piece, s=seed, g=groove: _midi_of_band(piece, s, g))
    for seed, program in enumerate(SOLO_PROGRAMS):
        _once(f"solo-{program:03d}", lambda piece, s=seed, p=program: scores.solo(s, p))
    for seed in range(12):
        keys = scores.HAND_DRUMS if seed % 2 else scores.KIT
        _once(f"drums-{seed:02d}", lambda piece, s=seed, k=keys: scores.drums(s, k))
    for seed in range(48):
        _once(f"kit-{seed:02d}", lambda piece, s=seed: scores.kit(s, scores.KITS[s % len(scores.KITS)]))
    for seed in range(24):
        _once(f"combo-{seed:02d}", lambda piece, s=seed: scores.with_drums(s))
    for seed in range(36):
        _once(f"orchestra-{seed:02d}", lambda piece, s=seed: scores.orchestra(s))


def _midi_of_band(piece: Path, seed: int, groove: str) -> bytes:
    score, midi = piece.with_suffix(".mma"), piece.with_suffix(".mid")
    score.write_text(dance_band_score(1000 + seed, groove, BARS))
    try:
        _run("mma", score, "-f", midi)
        return midi.read_bytes()
    finally:
        score.unlink()
        midi.unlink(missing_ok=True)


def _once(name: str, score_of: Callable[[Path], bytes]) -> None:
    piece = RENDERS / f"{name}.flac"
    if piece.exists():
        return
    midi, wave = piece.with_suffix(".mid"), piece.with_suffix(".wav")
    try:
        midi.write_bytes(score_of(piece))
        _run("fluidsynth", "-niq", "-r", "44100", "-g", "0.5", "-O", "float", "-F", wave, SOUND_FONT, midi)
        audio, rate = soundfile.read(wave, dtype="float64", always_2d=True)
        audio *= 0.9 / max(np.max(np.abs(audio)), 1e-3)
        unfinished = piece.with_suffix(".part.flac")
        soundfile.write(unfinished, audio, rate, subtype="PCM_16")
        unfinished.rename(piece)
    except FetchError as error:
        print(f"{name} left out: {error}", file=sys.stderr)
    finally:
        midi.unlink(missing_ok=True)
        wave.unlink(missing_ok=True)


def _run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(  # noqa: S603 -- words of our own
            words, capture_output=True, text=True, timeout=RENDER_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as expired:
        raise FetchError(f"{words[0]} did not end within {RENDER_TIMEOUT_S} s") from expired
    if done.returncode:
        raise FetchError(f"{words[0]} failed: {(done.stderr or done.stdout).strip()[-200:]}")


if __name__ == "__main__":
    for one in recordings():
        print(one.kind, one.name, "validation" if one.validates else "")
