"""Ranges, words and switches read off a plugin's texts, at a bounded number of places."""

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.errors import ParameterError
from wavemend.host.vst3.loaded.parameter_places import MOST_PLACES, place_of_number, sample_texts
from wavemend.host.vst3.loaded.parameter_text import allowed_by, check, finite_in, number_in, value_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-30.00", -30),
        (" 4 ", 4),
        ("12 dB", 12),
        ("1.5 kHz", 1500),
        ("1,024", 1024),
        ("-inf", float("-inf")),
        ("1e-3 s", 0.001),
        ("50%", 50),
        ("", None),
        ("Soft", None),
        ("Program 2", None),
        ("2 + 2", None),
    ],
)
def test_numbers_in_texts(text, number):
    assert number_in(text) == number


def decibels(place):
    return f"{-80 + 80 * place:.2f}"


def hertz(place):
    return f"{20 * 1000**place:.1f} Hz"


@pytest.mark.parametrize(("text_at", "low", "high"), [(decibels, -80, 0), (hertz, 20, 20_000)])
def test_a_range_is_found(text_at, low, high):
    allowed = allowed_by(sample_texts(text_at, 0))
    assert (allowed.kind, allowed.low, allowed.high) == ("number", low, high)


def test_words_and_switches_are_found():
    words = ["Low", "Middle", "High"]
    allowed = allowed_by(sample_texts(lambda place: words[round(2 * place)], 3))
    assert (allowed.kind, allowed.words, allowed.places) == ("word", ("Low", "Middle", "High"), (0, 0.5, 1))
    switch = allowed_by(sample_texts(lambda place: "On" if place > 0.5 else "Off", 2))
    assert (switch.kind, switch.words) == ("switch", ("Off", "On"))
    assert value_of("On", switch) is True and value_of("Off", switch) is False


@given(st.floats(-80, 0), st.floats(0, 1))
def test_the_place_of_a_number_shows_it(value, wrong):
    """Whatever the plugin's own conversion says."""
    wanted = round(value, 2)
    place = place_of_number(wanted, decibels, wrong, sample_texts(decibels, 0))
    assert number_in(decibels(place)) == pytest.approx(wanted, abs=0.0051)


def test_falling_and_curved_scales_are_searched_too():
    for text_at in (hertz, lambda place: f"{100 - 100 * place**3:.3f}"):
        samples = sample_texts(text_at, 0)
        for value in (20.0, 55.5, 97.3):
            assert number_in(text_at(place_of_number(value, text_at, 0.0, samples))) == pytest.approx(
                value, rel=2e-3
            )


def test_the_plugins_own_conversion_is_kept_where_it_is_right():
    assert place_of_number(-40, decibels, 0.5000001, sample_texts(decibels, 0)) == 0.5000001


def test_probing_is_bounded():
    asked = []
    sample_texts(lambda place: asked.append(place) or f"{place}", 0)
    assert len(asked) == MOST_PLACES
    started = time.monotonic()
    slow = sample_texts(lambda place: time.sleep(0.1) or f"{place:.3f}", 0)
    assert time.monotonic() - started < 1.0
    assert (slow[0][0], slow[-1][0]) == (0.0, 1.0), "the ends come first"


def test_values_are_checked_by_name_and_range():
    allowed = allowed_by(sample_texts(decibels, 0))
    assert check(-30, allowed, "Comp.threshold_db", "dB") == -30.0
    assert check("-30 dB", allowed, "Comp.threshold_db", "dB") == -30.0
    for bad in (1, -80.1, "loud", True, None, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match=r"Comp.threshold_db=.* from -80 to 0 dB"):
            check(bad, allowed, "Comp.threshold_db", "dB")
    words = allowed_by([(0.0, "Low"), (1.0, "High")])
    with pytest.raises(ParameterError, match="one of Low, High"):
        check("low", words, "Comp.mode", "")


# -- words among numbers -------------------------------------------------------------------------------------


def looked_at(text_at, steps=0):
    samples = sample_texts(text_at, steps)
    return samples, allowed_by(samples)


def placed(value, text_at, samples, allowed, own=0.5):
    """Return where a checked value lies, with a plugin whose own conversion is of no use."""
    checked = check(value, allowed, "Comp.gain_db", "dB")
    if isinstance(checked, str):
        return allowed.places[allowed.words.index(checked)]
    return place_of_number(checked, text_at, own, samples)


@st.composite
def scales_with_words(draw):
    """A scale, rising or falling, even or curved, with a word at one end, both, or on its way."""
    decimals = draw(st.integers(0, 3))
    low = round(draw(st.floats(-200, 200)), decimals)
    span = round(draw(st.floats(12, 4000)), decimals)
    curve = draw(st.sampled_from([0.5, 1.0, 2.0]))
    falling = draw(st.booleans())
    words = {}
    if draw(st.booleans()):
        words[draw(st.sampled_from(["-oo", "OFF", "-", "-inf", "Auto"]))] = (-1.0, draw(st.floats(0, 0.2)))
    if draw(st.booleans()):
        words[draw(st.sampled_from(["inf", "Max", "+oo"]))] = (1 - draw(st.floats(0, 0.2)), 2.0)
    if draw(st.booleans()) or not words:
        middle = draw(st.integers(64, 192)) / 256
        width = draw(st.floats(0, 0.05))
        words["unity"] = (middle - width, middle + width)

    def text_at(place):
        for word, (first, last) in words.items():
            if first <= place <= last:
                return word
        place = 1 - place if falling else place
        return f"{low + span * place**curve:.{decimals}f} ms"

    return text_at, list(words), 10.0**-decimals


@settings(max_examples=150, deadline=None)
@given(scales_with_words(), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_number_with_words_takes_its_numbers_and_its_words(scale, place, fraction, own):
    text_at, words, step = scale
    samples, allowed = looked_at(text_at)
    assert (allowed.kind, sorted(allowed.words)) == ("number", sorted(words))
    # What is read is taken, and read again; but for the one place in 50,000 beside a word's own.
    value = value_of(text_at(place), allowed)
    if isinstance(value, str) or math.isinf(value) or allowed.low <= value <= allowed.high:
        assert value_of(text_at(placed(value, text_at, samples, allowed, own)), allowed) == value
    else:
        beyond = min(abs(value - end) for end in (allowed.low, allowed.high))
        assert beyond <= step + 0.01 * (allowed.high - allowed.low)
    # Every number between the ends is shown as nearly as the plugin writes it, or as those beside a word.
    wanted = allowed.low + fraction * (allowed.high - allowed.low)
    shown = finite_in(text_at(placed(wanted, text_at, samples, allowed, own)))
    known = [number for _, text in samples if (number := finite_in(text)) is not None]
    nearest = min(abs(wanted - number) for number in known)
    assert abs(shown - wanted) <= max(0.51 * step, nearest) + 1e-9
    for word in allowed.words:
        assert text_at(placed(word, text_at, samples, allowed, own)) == word


@pytest.mark.parametrize(
    ("text_at", "low", "high", "words"),
    [
        (lambda p: "-oo" if p == 0 else f"{-90 + 102 * p:.1f} dB", -90, 12, ("-oo",)),
        (lambda p: "OFF" if p < 0.0011 else f"{500 * p:.0f}", 1, 500, ("OFF",)),
        (lambda p: "-" if p == 1 else f"{2.5 - p:.2f} kHz", 1500, 2500, ("-",)),
        (lambda p: "inf" if p > 0.98 else f"{1 + 20 * p:.1f}", 1, 20.6, ("inf",)),
        (lambda p: "-inf dB" if p == 0 else f"{6 - 80 * (1 - p):.2f} dB", -74, 6, ("-inf dB",)),
        (lambda p: "Auto" if abs(p - 0.5) < 0.03 else f"{200 * p - 100:.0f}%", -100, 100, ("Auto",)),
        (lambda p: ["Off", "1", "2", "4", "8"][round(4 * p)], 1, 8, ("Off",)),
        (lambda p: ["Off", "12 dB", "24 dB", "All"][round(3 * p)], None, None, None),
        (lambda p: ["Off", "12 dB LP", "12 dB HP", "24 dB LP"][round(3 * p)], None, None, None),
        (lambda p: "C" if p == 0.5 else f"{abs(200 * p - 100):.0f} {'LR'[p > 0.5]}", None, None, None),
        (lambda p: ["1:1", "1:2", "1:4"][round(2 * p)], None, None, None),
        (lambda p: ["Sine", "Saw", "303"][round(2 * p)], None, None, None),
    ],
)  # fmt: skip
def test_what_is_a_number_with_words_and_what_a_choice(text_at, low, high, words):
    steps = {"Off": 5, "1:1": 3, "Sine": 3}.get(text_at(0), 0)
    _, allowed = looked_at(text_at, steps)
    if words is None:
        assert allowed.kind == "word"
    else:
        assert (allowed.kind, allowed.words) == ("number", words)
        assert (allowed.low, allowed.high) == (pytest.approx(low, abs=0.1), pytest.approx(high, abs=0.1))


def test_infinity_is_a_word_and_a_number():
    text_at = lambda place: "-inf dB" if place == 0 else f"{-80 + 86 * place:.1f} dB"  # noqa: E731
    samples, allowed = looked_at(text_at)
    for value in (float("-inf"), "-inf dB", " -inf dB "):
        assert placed(value, text_at, samples, allowed) == 0
    assert value_of("-inf dB", allowed) == float("-inf")
    for bad in (float("inf"), float("nan"), "-oo", -81, 7, True, None):
        with pytest.raises(ParameterError, match=r"must be a number from -80 to 6 dB, or '-inf dB'$"):
            check(bad, allowed, "Comp.gain_db", "dB")


def test_a_choice_takes_the_number_that_one_of_its_words_shows():
    slopes = allowed_by([(0.0, "Off"), (0.5, "12 dB"), (1.0, "All")])
    assert check(12, slopes, "Comp.slope", "") == check("12 dB", slopes, "Comp.slope", "") == "12 dB"
    sides = allowed_by([(0.0, "50 L"), (0.5, "C"), (1.0, "50 R")])
    with pytest.raises(ParameterError, match="one of 50 L, C, 50 R"):
        check(50, sides, "Comp.side", "")


def test_a_coarse_text_stands_for_the_middle_of_its_places():
    text_at = lambda place: f"{round(20 * place) - 10:d} dB"  # noqa: E731
    samples, _ = looked_at(text_at)
    for value in range(-9, 10):
        assert place_of_number(value, text_at, 0.99, samples) == pytest.approx((value + 10) / 20, abs=1e-6)
    assert [place_of_number(value, text_at, 0.5, samples) for value in (-10, 10)] == [0, 1]


def test_looking_at_the_places_beside_a_word_is_bounded():
    asked = []
    sample_texts(lambda place: asked.append(place) or ("Off" if place < 0.3 else f"{place:.3f}"), 0)
    assert len(asked) <= MOST_PLACES + 10
    started = time.monotonic()
    sample_texts(lambda place: time.sleep(0.05) or ("Off" if place < 0.3 else f"{place:.3f}"), 0)
    assert time.monotonic() - started < 0.7
