"""Chains of ffmpeg's filters as a beginning for a preset: what has an equivalent is taken, all else told."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, cast

import pedalboard

from ....contract.stage import Stage
from ....errors import NoEquivalentError, PresetError, WavemendError
from ....plugins.declick import Declick
from ....plugins.dehum import Dehum
from ....plugins.denoise import Denoise
from ....plugins.rumble import Rumble
from ...chain.chain import Chain
from ...chain.members.effect import unit_of
from ...chain.slot import Slot
from ...stock.stock import make_stock, stock_values
from ...storage.strict_json import clip
from .ffmpeg_options import Given, Option, given, options
from .ffmpeg_syntax import WrittenFilter, parse_filters
from .imported import Imported

# derived: two filters of first order are 3 dB down where each is 1.505 dB down, at (sqrt(2) - 1)**0.5
_TWO_POLES = math.sqrt(math.sqrt(2) - 1)
# derived: ffmpeg's bass and treble have sqrt(2 A) where shelves have 2 sqrt(A), as if their Q were higher
_TONE_Q = math.sqrt(2)
_MOST_REDUCTION_DB = max(Denoise.schema["reduction_db"].valid_values())

Members = list[Stage | pedalboard.Plugin]


def from_ffmpeg(text: str) -> Imported:
    """Make a chain of a chain of ffmpeg's filters, as ``-af`` takes it.

    Raises
    ------
    PresetError
        It is none, or an option is not what ffmpeg takes.
    """
    slots: list[Slot] = []
    told, left_out = [], []
    for number, written in enumerate(parse_filters(text), start=1):
        try:
            made, notes = _carried(written)
        except NoEquivalentError as reason:
            left_out.append(f"{written.name} has no equivalent here: {reason}")
            continue
        except WavemendError as error:
            raise PresetError(f"filter {number} ({clip(written.name)}): {error}") from None
        slots += made
        became = ", then ".join(_said(slot) for slot in made)
        told.append("; ".join([f"{clip(written.text)} -> {became or 'nothing'}", *notes]))
    return Imported(Chain(slots), told, left_out)


def _carried(written: WrittenFilter) -> tuple[list[Slot], list[str]]:
    filters = _filters()
    if written.name not in filters:
        raise NoEquivalentError(_WHY_NOT.get(written.name, "no stage and no stock effect does the like"))
    if any(key == "enable" for key, _ in written.options):
        raise NoEquivalentError("it works at times alone, by its option enable")
    known, carry = filters[written.name]
    said = given(written, known)
    slots = carry(said)
    notes = said.notes + [f"{name} has no equivalent" for name in said.unused()]
    return slots, notes


def _said(slot: Slot) -> str:
    """Name a member with the values that matter."""
    member = slot.member
    mixed = f", mix={slot.mix:g}" if slot.mix != 1 else ""
    if isinstance(member, Stage):
        changed = {n: p for n, p in member.schema.items() if getattr(member, n) != p.default}
        values = [f"{name}={parameter.text(getattr(member, name))}" for name, parameter in changed.items()]
        return f"{type(member).__name__} {', '.join(values)}".rstrip() + mixed
    values = [f"{n}={v:g} {unit_of(n)}".rstrip() for n, v in stock_values(member).items()]
    return f"{type(member).__name__} {', '.join(values)}".rstrip() + mixed


# -- filters ---------------------------------------------------------------------------------------

_WHY_NOT = {
    "adeclip": "there is no declipper",
    "anequalizer": "its bands are of one channel each; write them as equalizer, for all",
    "arnndn": "there is no stage that knows voices alone",
    "loudnorm": "a preset does not level a recording",
    "dynaudnorm": "a preset does not level a recording",
    "aresample": "a restored recording keeps its rate; --rate of other programs changes it",
    "aformat": "a restored recording keeps its format",
    "silenceremove": "say --trim-ends when rendering",
}


def _adeclick(said: Given) -> list[Slot]:
    if "threshold" in said.values:
        said.note("threshold is another scale than sensitivity: set that by ear")
    said.word("threshold")
    return [Slot(Declick())]


def _afftdn(said: Given) -> list[Slot]:
    for name in ("noise_floor", "noise_type", "band_noise", "track_noise"):
        if name in said.values:
            said.note(f"{name} is not needed: Denoise finds the noise in each recording itself")
        said.word(name)
    mode = said.word("output_mode")
    if mode in ("i", "input", "0"):
        raise NoEquivalentError("output_mode gives the input back")
    wanted: Literal["repaired", "removed"] = "removed" if mode in ("n", "noise", "2") else "repaired"
    reduction = said.number("noise_reduction")
    if reduction > _MOST_REDUCTION_DB:
        said.note(f"reduction_db is {_MOST_REDUCTION_DB:g} dB at most")
    return [Slot(Denoise(reduction_db=min(reduction, _MOST_REDUCTION_DB), output=wanted))]


def _anlmdn(said: Given) -> list[Slot]:
    said.note("another method: what it lowers noise by, reduction_db says, to be set by ear")
    return [Slot(Denoise())]


def _pass(said: Given, kind: type[pedalboard.Plugin], shift: float) -> list[Slot]:
    """Take stock effects, which are of first order: one for one pole, two for two."""
    hz = said.positive("frequency")
    if said.number("poles") == 1:
        said.word("width"), said.word("width_type")  # which one pole has none of
        return _mixed(said, [make_stock(kind.__name__, {"cutoff_frequency_hz": hz})])
    said.note("two of first order: 3 dB down at the same frequency, with a softer knee")
    return _mixed(said, [make_stock(kind.__name__, {"cutoff_frequency_hz": hz * shift}) for _ in range(2)])


def _highpass(said: Given) -> list[Slot]:
    hz, butterworth = said.positive("frequency"), abs(_quality(said) - math.sqrt(0.5)) < 0.01
    if said.number("poles") == 2 and butterworth and _is_allowed(Rumble, "cutoff_hz", hz):
        return _mixed(said, [Rumble(cutoff_hz=hz, slope_db_per_octave="12")])
    return _pass(said, pedalboard.HighpassFilter, _TWO_POLES)


def _lowpass(said: Given) -> list[Slot]:
    _quality(said)
    return _pass(said, pedalboard.LowpassFilter, 1 / _TWO_POLES)


def _asubcut(said: Given) -> list[Slot]:
    order = said.number("order")
    slopes = [int(word) for word in Rumble.schema["slope_db_per_octave"].valid_values()]
    slope = min(slopes, key=lambda one: abs(one - 6 * order))
    if slope != 6 * order:
        said.note(f"{slope} dB per octave, the nearest to {6 * order:g}")
    return [
        *_gained(said.positive("level")),
        Slot(Rumble(cutoff_hz=said.number("cutoff"), slope_db_per_octave=cast("Any", str(slope)))),
    ]


def _bandreject(said: Given) -> list[Slot]:
    hz = said.positive("frequency")
    if not _is_allowed(Dehum, "base_frequency_hz", hz):
        raise NoEquivalentError(f"{hz:g} Hz is no hum's; a stock PeakFilter may lower it")
    said.note("one notch, that follows the hum; harmonics=200 takes its harmonics too")
    return _mixed(said, [Dehum(base_frequency_hz=hz, mode="notch", harmonics=1)])


def _shelf(name: str, shift: float) -> Callable[[Given], list[Slot]]:
    def carry(said: Given) -> list[Slot]:
        if "poles" in {one.name for one in said.known} and said.number("poles") == 1:
            said.note("one pole there, two here")
        values = {
            "cutoff_frequency_hz": said.positive("frequency"),
            "gain_db": said.number("gain"),
            "q": _quality(said) * shift,
        }
        return _mixed(said, [make_stock(name, values)])

    return carry


def _volume(said: Given) -> list[Slot]:
    if not said.is_number("volume"):
        raise NoEquivalentError("its volume is an expression; write a factor, or a level in dB")
    factor = said.number("volume")
    if factor <= 0:
        raise NoEquivalentError("a factor of 0 or less is no gain")
    return _gained(factor, always=True)


def _alimiter(said: Given) -> list[Slot]:
    ceiling = _decibels(said.positive("limit"))
    values = {
        "ceiling_db": ceiling,
        "lookahead_ms": said.positive("attack"),
        "release_ms": said.positive("release"),
    }
    raised = said.switch("level") and ceiling < 0
    if raised:
        said.note("its automatic level raises by as much as the limit is low: the last gain")
    after = said.positive("level_out") * (10 ** (-ceiling / 20) if raised else 1)
    return [
        *_gained(said.positive("level_in")),
        Slot(make_stock("BrickwallLimiter", values)),
        *_gained(after),
    ]


def _dynamics(name: str) -> Callable[[Given], list[Slot]]:
    def carry(said: Given) -> list[Slot]:
        values = {
            "threshold_db": _decibels(said.positive("threshold")),
            "ratio": said.number("ratio"),
            "attack_ms": said.number("attack"),
            "release_ms": said.number("release"),
        }
        mix = said.number("mix") if any(one.name == "mix" for one in said.known) else 1.0
        before, after = _gained(said.positive("level_in")), _gained(said.positive("makeup"))
        if mix != 1 and (before or after):
            raise NoEquivalentError("its mix is with a sound that gains have changed")
        return [*before, Slot(make_stock(name, values), mix=mix), *after]

    return carry


def _nothing(said: Given) -> list[Slot]:
    return []


class _Filter(NamedTuple):
    known: list[Option]
    carry: Callable[[Given], list[Slot]]


def _filters() -> dict[str, _Filter]:
    """Return what can be carried over: FFmpeg 5.1's options in their order, with their defaults."""
    every = (
        "mix m 1", "channels c all", "normalize n 0", "transform a di~", "precision r auto~",
        "blocksize b 0~",
    )  # fmt: skip
    width = ("width_type t q", "width w {}")

    def biquad(hz: str, q: str, *more: str) -> list[Option]:
        return options(f"frequency f {hz}", width[0], width[1].format(q), *more, *every)

    level = ("level_in - 1", "mode - downward")
    timing = ("ratio - 2", "attack - 20", "release - 250", "makeup - 1", "knee - 2.82843")
    bass = biquad("100", "0.5", "gain g 0", "poles p 2")
    treble = biquad("3000", "0.5", "gain g 0", "poles p 2")
    return {
        "adeclick": _Filter(
            options(
                "window w 55", "overlap o 75", "arorder a 2", "threshold t 2", "burst b 2", "method m add",
            ),
            _adeclick,
        ),
        "afftdn": _Filter(
            options(
                "noise_reduction nr 12", "noise_floor nf -50", "noise_type nt white", "band_noise bn -",
                "residual_floor rf -38", "track_noise tn 0", "track_residual tr 0", "output_mode om output",
            ),
            _afftdn,
        ),
        "anlmdn": _Filter(
            options("strength s 0.00001", "patch p 0.002", "research r 0.006", "output o o", "smooth m 11"),
            _anlmdn,
        ),
        "highpass": _Filter(biquad("3000", "0.707", "poles p 2"), _highpass),
        "lowpass": _Filter(biquad("500", "0.707", "poles p 2"), _lowpass),
        "asubcut": _Filter(options("cutoff - 20", "order - 10", "level - 1"), _asubcut),
        "bandreject": _Filter(biquad("3000", "0.5"), _bandreject),
        "equalizer": _Filter(biquad("0", "1", "gain g 0"), _shelf("PeakFilter", 1.0)),
        "bass": _Filter(bass, _shelf("LowShelfFilter", _TONE_Q)),
        "lowshelf": _Filter(bass, _shelf("LowShelfFilter", 1.0)),
        "treble": _Filter(treble, _shelf("HighShelfFilter", _TONE_Q)),
        "highshelf": _Filter(treble, _shelf("HighShelfFilter", 1.0)),
        "volume": _Filter(
            options(
                "volume - 1.0", "precision - float~", "eval - once~", "replaygain - drop",
                "replaygain_preamp - 0", "replaygain_noclip - 1~",
            ),
            _volume,
        ),
        "alimiter": _Filter(
            options(
                "level_in - 1", "level_out - 1", "limit - 1", "attack - 5", "release - 50", "asc - 0",
                "asc_level - 0.5", "level - 1", "latency - 0~",
            ),
            _alimiter,
        ),
        "acompressor": _Filter(
            options(
                *level, "threshold - 0.125", *timing, "link - average", "detection - rms", "level_sc - 1",
                "mix - 1",
            ),
            _dynamics("Compressor"),
        ),
        "agate": _Filter(
            options(
                *level, "range - 0.06125", "threshold - 0.125", *timing, "detection - rms", "link - average",
                "level_sc - 1",
            ),
            _dynamics("NoiseGate"),
        ),
        "anull": _Filter([], _nothing),
    }  # fmt: skip


# -- values ----------------------------------------------------------------------------------------


def _mixed(said: Given, members: Members) -> list[Slot]:
    """Put members into slots with the mix of ffmpeg's biquads; several in one nested chain."""
    if said.word("channels") != "all":
        raise NoEquivalentError("it works on some channels alone, by its option channels")
    mix = said.number("mix")
    if mix == 1:
        return [Slot(member) for member in members]
    return [Slot(members[0] if len(members) == 1 else Chain(members), mix=mix)]


def _quality(said: Given) -> float:
    """Return the Q that ffmpeg makes of width and its type; that of octaves far below half the rate."""
    kind, width = said.word("width_type"), said.positive("width")
    if kind in ("q", "3"):
        return width
    if kind in ("h", "1"):
        return said.positive("frequency") / width
    if kind in ("k", "5"):
        return said.positive("frequency") / (1000 * width)
    if kind in ("o", "2"):
        return 1 / (2 * math.sinh(math.log(2) / 2 * min(width, 100)))
    if kind not in ("s", "4"):
        raise PresetError(f"width_type={clip(kind)} is not allowed; it must be one of h, q, o, s, k")
    gain = 10 ** (said.number("gain") / 40) if any(one.name == "gain" for one in said.known) else 1.0
    return 1 / math.sqrt(max((gain + 1 / gain) * (1 / width - 1) + 2, 1e-6))


def _gained(factor: float, *, always: bool = False) -> list[Slot]:
    if factor == 1 and not always:
        return []
    return [Slot(make_stock("Gain", {"gain_db": _decibels(factor)}))]


def _decibels(factor: float) -> float:
    return round(20 * math.log10(factor), 3) + 0.0


def _is_allowed(kind: type[Stage], name: str, value: Any) -> bool:
    try:
        kind(**{name: value})
    except WavemendError:
        return False
    return True
