"""Ranges, words and switches read off a plugin's texts, at a bounded number of places."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.errors import ParameterError
from wavemend.host.vst3.parameter_text import (
    MOST_PLACES,
    allowed_by,
    check,
    number_in,
    place_of_number,
    sample_texts,
    value_of,
)


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
