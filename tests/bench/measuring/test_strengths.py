"""Gentle and strong are settings of the factory presets, and the page of these says which.

``python -m tests.bench.measuring.test_strengths`` writes the table anew.
"""

import re
from pathlib import Path

import pytest
from bench.material.layered import CARRIES
from bench.measuring.strengths import SIGNS, settings
from wavemend import load_preset
from wavemend.host.cli.output import markdown_table
from wavemend.host.presets.library import preset_names
from wavemend.host.presets.overrides import chain_with

PAGE = Path(__file__).parents[3] / "docs" / "factory_presets.md"
TABLE = re.compile(r"(<!-- strengths -->\n).*?(<!-- /strengths -->)", re.DOTALL)


def table():
    rows = [
        [name, *(" ".join(f"`{one}`" for one in settings(name, way)) for way in ("gentle", "strong"))]
        for name in preset_names()
        if settings(name, "strong")
    ]
    return markdown_table(("preset", "gentle", "strong"), rows) + "\n"


def written():
    return TABLE.sub(lambda found: found[1] + table() + found[2], PAGE.read_text())


def test_the_page_has_what_is_set():
    assert PAGE.read_text() == written(), "run: python -m tests.bench.measuring.test_strengths"


def test_the_page_has_a_section_on_every_preset_and_on_no_other():
    headings = [line for line in PAGE.read_text().splitlines() if line.startswith("### ")]
    assert sorted(re.findall(r"`([\w-]+)`", " ".join(headings))) == preset_names()


def test_every_medium_of_the_table_has_its_preset():
    assert set(CARRIES) <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_settings_are_taken_and_the_medium_one_is_the_preset(name):
    assert settings(name, "medium") == []
    for strength in SIGNS:
        assert not chain_with(f"factory:{name}", settings(name, strength)).warnings()
    assert load_preset(name).description.endswith(".")


if __name__ == "__main__":
    PAGE.write_text(written())
