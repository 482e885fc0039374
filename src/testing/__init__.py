"""The contract every stage keeps, as tests that third parties can run over their own stages.

Needs the extra ``wavemend[testing]``. See `StageContract`; `signals` holds the recordings it uses.
"""

try:
    import hypothesis  # noqa: F401
    import jsonschema  # type: ignore[import-untyped]  # noqa: F401
    import pytest
except ImportError as error:
    raise ImportError(
        f"wavemend.testing needs {error.name}, which is not installed; run: pip install 'wavemend[testing]'"
    ) from error

# Before they are imported: a failing contract then shows the values on both sides.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in ("arrays", "findings", "repairs", "settings", "streams", "subject", "surface")
    )
)

from . import signals  # noqa: E402
from .contract import StageContract  # noqa: E402
from .surface import SurfaceContract  # noqa: E402

__all__ = ["StageContract", "SurfaceContract", "signals"]
