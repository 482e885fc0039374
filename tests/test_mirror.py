"""Tests lie where what they test lies, and no kernel and no finder is without one of its own."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]

NO_FOLDER = {
    "host/chain/members": "tested as members of chains: tests/host/chain, tests/host/presets",
    "kernels": "holds folders alone",
    "testing": "over stages, and stages that break it: tests/plugins/test_contract.py",
}
# Tested through what others call, in folders or cases that their own names do not reach.
NO_IMPORT = {
    "analysis.carrier.offset": "what DcOffset hears: tests/plugins/test_dc_offset.py",
    "analysis.clicks.revolutions": "what a turn is: tests/analysis/clicks/test_clicks.py",
    "analysis.hum.tally": "what stretches and pieces add up to: tests/analysis/hum/test_hum.py",
    "analysis.noise.evidence": "what a noise print is: tests/analysis/noise/test_noise_print.py",
    "analysis.noise.range_levels": "warnings of shown ranges: tests/host/recording/test_document.py",
    "analysis.noise.uneven": "uneven prints: tests/analysis/noise/test_uneven.py",
    "kernels.compilation.code_cache": "in copies of the package: tests/kernels/compilation",
    "kernels.compilation.code_places": "in copies of the package: tests/kernels/compilation",
    "kernels.compilation.turns": "in copies of the package: tests/kernels/compilation",
    "kernels.samples.dither": "what a file holds: tests/host/files/test_dither.py",
}


def folders() -> set[str]:
    sources = ROOT / "src"
    return {path.parent.relative_to(sources).as_posix() for path in sources.rglob("*.py")} - {"."}


def test_every_folder_has_its_folder_of_tests() -> None:
    untested = {folder for folder in folders() if not [*(ROOT / "tests" / folder).glob("test_*.py")]}
    assert untested == set(NO_FOLDER)


def test_every_folder_of_tests_has_its_folder() -> None:
    tests = ROOT / "tests"
    tested = {path.parent.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")} - {"."}
    ours = {"bench", "fuzz", "models"}  # what they test lies outside src, or is the whole
    assert {folder for folder in tested if folder.split("/")[0] not in ours} <= folders()


@pytest.mark.parametrize("floor", ["analysis", "kernels"])
def test_every_module_of_a_floor_is_imported_by_a_test(floor: str) -> None:
    graph = grimp.build_graph("wavemend", "tests", cache_dir=None)
    modules = {module for module in graph.modules if module.startswith(f"wavemend.{floor}.")}
    packages = {parent for module in modules for parent in [module.rpartition(".")[0]]}
    untested = {
        module.removeprefix("wavemend.")
        for module in modules - packages
        if not any(by.startswith("tests.") for by in graph.find_modules_that_directly_import(module))
    }
    assert untested == {name for name in NO_IMPORT if name.startswith(f"{floor}.")}
