"""Presets as Python: what is printed makes the same chain, and sounds the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Denoise, Preset, Rumble, Slot, load_preset
from wavemend.host.presets.exchange.python_code import python_code
from wavemend.host.presets.library import preset_names
from wavemend.host.presets.preset import preset_to_json
from wavemend.host.stock.stock import stock_effects, stock_values
from wavemend.host.vst3.plugin import VST3

RATE = 44_100


def run(chain: Chain, name: str = "Mine") -> Any:
    """Run the code of a chain, with nothing but what it imports itself; return its board."""
    names: dict[str, Any] = {}
    exec(compile(python_code(Preset(name, "", chain)), "code", "exec"), names)
    return names["board"]


def slots(chain: Any) -> list[dict[str, Any]]:
    return list(preset_to_json(Preset("", "", Chain(getattr(chain, "slots", chain))))["chain"])


def test_stock_effects_become_a_pedalboard_that_sounds_the_same() -> None:
    chain = Chain(
        [
            pedalboard.HighpassFilter(80),
            Chain([pedalboard.PeakFilter(1000, 3, 2), pedalboard.Compressor(-20, 4, 5, 80)]),
            pedalboard.Gain(-1.5),
        ]
    )
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 20_000)).astype(np.float32)
    board = run(chain)
    assert type(board) is pedalboard.Pedalboard
    assert "wavemend" not in python_code(Preset("Mine", "", chain))
    assert np.array_equal(board(audio, RATE), chain(audio, RATE))


@pytest.mark.parametrize("name", sorted(stock_effects()))
def test_every_stock_effect_can_be_written(name: str) -> None:
    effect = stock_effects()[name]()
    (made,) = run(Chain([effect]))
    assert type(made) is type(effect) and stock_values(made) == stock_values(effect)


@pytest.mark.parametrize("name", preset_names())
def test_factory_presets_become_the_same_chain(name: str) -> None:
    chain = load_preset(f"factory:{name}").chain
    assert slots(run(chain)) == slots(chain)


def test_bypass_mix_nesting_and_findings_are_kept() -> None:
    denoise = Denoise(reduction_db=8)
    denoise.learn(0.01 * np.random.default_rng(0).standard_normal((1, RATE)), RATE)
    inner = Chain([Slot(denoise, mix=0.25), pedalboard.Gain(1)])
    chain = Chain([Slot(Rumble(), bypass=True), Slot(inner, mix=0.5)])
    assert slots(run(chain)) == slots(chain)


def test_a_strangers_words_stay_words() -> None:
    name = "x\nimport os\r#'''\u2028\"\\"
    code = python_code(Preset(name, "y\nraise SystemExit", Chain([pedalboard.Gain(1)])))
    assert code.splitlines()[1:] == [
        "import pedalboard", "", "board = pedalboard.Pedalboard([", "    pedalboard.Gain(gain_db=1.0),", "])",
    ]  # fmt: skip
    run(Chain([pedalboard.Gain(1)]), name)
    assert type(run(Chain([]))) is pedalboard.Pedalboard


@pytest.mark.whole
@pytest.mark.parametrize("name", ["Good", "Forgetful"])
def test_vst3s_are_made_with_their_state(scanned, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    scanned(name)
    plugin = VST3(
        name, gain_db=-6.5, mode="Hard", block_size=512, missing="substitute", substitute=pedalboard.Gain(1)
    )
    chain = Chain([plugin, Rumble()])
    made = run(chain)
    assert slots(made) == slots(chain)
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 8000))
    assert np.array_equal(made(audio, 8000), chain(audio, 8000))
