"""The package as users get it: a wheel that holds everything and nothing else, and entry points that load."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import wavemend
from wavemend.contract.registry import stage_class, stage_ids

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
STAGES = PYPROJECT["project"]["entry-points"]["wavemend.plugins"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel from a copy, so that no build folder is left in the checkout; return its files."""
    copy = tmp_path_factory.mktemp("checkout")
    for folder in ("src", "presets", "models", "tests", "bench"):
        if (ROOT / folder).is_dir():
            skipped = shutil.ignore_patterns("__pycache__", "cache")
            shutil.copytree(ROOT / folder, copy / folder, ignore=skipped)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(copy / "out")]
    built = subprocess.run([*command, str(copy)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = (copy / "out").glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def expected_files() -> set[str]:
    """Every module of ours, the type marker, and the data."""
    files = {f"wavemend/{path.relative_to(ROOT / 'src').as_posix()}" for path in (ROOT / "src").rglob("*.py")}
    for folder, patterns in (
        ("presets", ("*.py", "*.json")),
        ("models", ("*.py", "*.json", "*.onnx", "*.md")),
    ):
        for pattern in patterns:
            files |= {f"wavemend/{folder}/{path.name}" for path in (ROOT / folder).glob(pattern)}
    return files | {"wavemend/py.typed"}


def test_the_wheel_holds_every_module_and_all_data(wheel: set[str]) -> None:
    missing = expected_files() - wheel
    assert not missing, "list the subpackage under [tool.setuptools] packages, or the data under package-data"


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    others = {name for name in wheel - expected_files() if ".dist-info/" not in name}
    assert {name for name in others if not name.startswith("wavemend/")} == set()
    assert {name for name in others if "test_" in name or name.endswith(".py")} == set()


def test_listed_packages_exist() -> None:
    setuptools = PYPROJECT["tool"]["setuptools"]
    for package in setuptools["packages"]:
        folder = setuptools["package-dir"].get(package) or package.replace("wavemend", "src", 1).replace(
            ".", "/"
        )
        assert (ROOT / folder / "__init__.py").is_file(), package


def test_the_licence_goes_along(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)


def test_the_installed_entry_points_are_the_declared_ones() -> None:
    """Otherwise stages are missing from every test that runs over the registered ones."""
    points = distribution("wavemend").entry_points
    installed = {point.name: point.value for point in points if point.group == "wavemend.plugins"}
    assert installed == STAGES, (
        "run `pip install -e .` again; a stale wavemend.egg-info in the working directory hides the install"
    )
    assert set(STAGES) <= set(stage_ids())


@pytest.mark.parametrize("identifier", STAGES)
def test_stages_load(identifier: str) -> None:
    assert stage_class(identifier).id == identifier


@pytest.mark.parametrize("name", PYPROJECT["project"]["scripts"])
def test_scripts_load(name: str) -> None:
    (point,) = distribution("wavemend").entry_points.select(group="console_scripts", name=name)
    assert callable(point.load())


def test_the_surface_is_public_names_and_the_version() -> None:
    names = dir(wavemend)
    assert [name for name in names if name.startswith("_")] == ["__version__"]
    assert wavemend.__version__ == distribution("wavemend").version
    assert all(getattr(wavemend, name) is not None for name in names)
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        wavemend.no_such_name


@pytest.mark.whole
def test_nothing_heavy_is_loaded_before_it_is_asked_for() -> None:
    code = "import sys, wavemend; dir(wavemend); wavemend.WavemendError; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "numba", "pedalboard", "soundfile", "onnxruntime"} & set(run.stdout.split())
