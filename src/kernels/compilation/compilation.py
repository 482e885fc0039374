"""One decorator for every compiled kernel, and word of each compilation to whoever watches.

Importing this loads no numba: the command line sets its watch before it knows what will be compiled.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

Watcher = Callable[[str], None]

_watchers: list[Watcher] = []


def compiled(function: Callable[..., Any]) -> Any:
    """Compile `function` when it is first called, run it without the GIL, and keep its machine code.

    Kernels that it calls are part of its machine code: a change in one of them compiles it anew.
    Where the code is kept is told in `wavemend.kernels.compilation.code_places`.
    """
    from numba import njit  # noqa: PLC0415 - see above
    from numba.core.dispatcher import Dispatcher  # noqa: PLC0415

    from .code_cache import CodeCache  # noqa: PLC0415

    # No kernel is handed to C code as a callback; the wrapper for that costs a twentieth of the compilation.
    kernel = njit(nogil=True, no_cfunc_wrapper=True)(function)
    if isinstance(kernel, Dispatcher):  # not so where numba is switched off: NUMBA_DISABLE_JIT
        vars(kernel)["_cache"] = CodeCache(function, _tell, _warn)
        vars(kernel)["get_call_template"] = partial(_call_template, kernel)
    return kernel


def _call_template(kernel: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Resolve a call from another kernel, constants as the numbers that they are.

    numba types ``f(x, 0)`` as a call with the literal 0, and would compile `f` again for each constant.
    """
    from numba.core.types.misc import unliteral  # noqa: PLC0415 - see above

    plain = {name: unliteral(kind) for name, kind in named.items()}
    return type(kernel).get_call_template(kernel, tuple(map(unliteral, given)), plain)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Call `watcher` with the name of every kernel that has to be compiled, just before it is."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def _tell(name: str) -> None:
    for watcher in tuple(_watchers):
        watcher(name)


@cache
def _warn(why: str) -> None:
    warnings.warn(
        f"compiled kernels are not kept, and every start compiles them again: {why}; "
        "set NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=2,
    )
