"""The stage that the documentation shows passes the contract that every stage must pass."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import wavemend.authoring
from wavemend.testing import StageContract

PAGE = Path(__file__).parent.parent / "docs" / "stages.md"
(CODE,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
(SUITE,) = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

exec(compile(CODE, "docs/stages.md", "exec"), globals())
exec(compile(SUITE, "docs/stages.md", "exec"), globals())


def test_the_suite_is_run_over_the_example() -> None:
    suite = globals()["TestDespike"]
    assert issubclass(suite, StageContract) and suite.stage_class is globals()["Despike"]


@pytest.mark.parametrize("code", [CODE, SUITE], ids=["stage", "suite"])
def test_the_example_imports_from_the_module_for_authors_alone(code: str) -> None:
    nodes = list(ast.walk(ast.parse(code)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name for name in names if name.startswith("wavemend")} == {"wavemend.authoring"}
    assert names <= {"wavemend.authoring", "numpy"}


def test_all_that_is_for_authors_is_there() -> None:
    module = wavemend.authoring
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Chain'"):
        module.Chain  # what a host does with stages is not for authors


@pytest.mark.whole
def test_the_tests_are_loaded_for_tests_alone() -> None:
    code = "import sys, wavemend.authoring; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pytest", "hypothesis", "wavemend.testing", "pedalboard"} & set(run.stdout.split())
