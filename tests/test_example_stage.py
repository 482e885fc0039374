"""The stage that the documentation shows passes the contract that every stage must pass."""

import re
from pathlib import Path

from wavemend.testing import StageContract

PAGE = Path(__file__).parent.parent / "docs" / "stages.md"
(CODE,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
(SUITE,) = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

exec(compile(CODE, "docs/stages.md", "exec"), globals())
exec(compile(SUITE, "docs/stages.md", "exec"), globals())


def test_the_suite_is_run_over_the_example() -> None:
    suite = globals()["TestDespike"]
    assert issubclass(suite, StageContract) and suite.stage_class is globals()["Despike"]
