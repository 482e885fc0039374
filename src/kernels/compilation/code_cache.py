"""What numba asks for machine code it kept, and where it puts more: `CodeCache`.

numba's own cache wants one folder that it can write, and gives up where there is none; it raises where a disk
is full or a file damaged; and it looks at the one file a function is written in, so that a kernel would go on
running what a kernel of another module was before an upgrade.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, cached_property
from hashlib import file_digest, sha256
from inspect import getfile
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache, _CacheLocator
from numba.core.dispatcher import Dispatcher

from .code_places import CodePlaces, code_places
from .turns import Turn


class CodeCache(NullCache):  # type: ignore[misc] # numba carries no types
    """Machine code of one kernel, read from several folders and kept in one, or in none.

    Parameters
    ----------
    function
        The kernel as it was written.
    on_compile
        Called with the kernel's name when its code is nowhere and has to be compiled.
    on_not_kept
        Called with the reason when compiled code cannot be kept.
    """

    def __init__(
        self, function: Any, on_compile: Callable[[str], None], on_not_kept: Callable[[str], None]
    ) -> None:
        self._function = function
        self._on_compile = on_compile
        self._on_not_kept = on_not_kept
        self._file = Path(function.__code__.co_filename).absolute()

    # Both are asked for with the first call: by then every kernel that this one calls is defined.
    @cached_property
    def places(self) -> CodePlaces:
        """The folders."""
        return code_places(self._file.parent)

    @cached_property
    def _caches(self) -> dict[Path, Any]:
        stamp = _stamp(self._function)
        return {folder: _cache_in(folder, stamp)(self._function) for folder in self.places.readable}

    @cached_property
    def _turn(self) -> Turn | None:
        if self.places.writable is None:
            return None
        code = self._function.__code__
        return Turn(self.places.writable / f"{self._file.stem}.{code.co_name}-{code.co_firstlineno}.turn")

    @property
    def cache_path(self) -> str | None:
        """Folder that new code is kept in."""
        return str(self.places.writable) if self.places.writable else None

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the code for one signature; None has it compiled, which is then this process's turn."""
        found = self._kept(sig, target_context)
        if found is None and self._turn is not None and self._turn.take():
            found = self._kept(sig, target_context)
            if found is not None:
                self._turn.end()
        if found is None:
            self._on_compile(self._function.__name__)
        return found

    def _kept(self, sig: Any, target_context: Any) -> Any:
        for kept in self._caches.values():
            try:
                found = kept.load_overload(sig, target_context)
            except Exception:  # noqa: S112 - whatever a damaged file raises, compiling anew mends it
                continue
            if found is not None:
                return found
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for one signature."""
        self._save(sig, data)
        if self._turn is not None:
            self._turn.end()

    def _save(self, sig: Any, data: Any) -> None:
        if self.places.writable is None:
            self._on_not_kept("no folder for them can be written")
            return
        kept = self._caches[self.places.writable]
        try:
            try:
                kept.save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # a damaged list of what is there
                kept.flush()
                kept.save_overload(sig, data)
        except OSError as error:
            self._on_not_kept(f"{self.places.writable}: {error.strerror or error}")


def _cache_in(folder: Path, stamp: str) -> Any:
    """Make numba's cache of one folder, whose code is fresh if it has this stamp."""

    class Locator(_CacheLocator):  # type: ignore[misc]
        def __init__(self, line: int) -> None:
            self._line = line

        @classmethod
        def from_function(cls, py_func: Any, py_file: str) -> Any:
            return cls(py_func.__code__.co_firstlineno)

        def get_cache_path(self) -> str:
            return str(folder)

        def get_source_stamp(self) -> str:
            return stamp

        def get_disambiguator(self) -> str:
            return str(self._line)

    class Files(CompileResultCacheImpl):  # type: ignore[misc]
        _locator_classes = (Locator,)

    class Cache(FunctionCache):  # type: ignore[misc]
        _impl_class = Files

    return Cache


def _stamp(function: Any) -> str:
    """Hash what decides a kernel's machine code: its source, the kernels it calls, global constants."""
    reached, parts = [function], []
    for kernel in reached:  # grows as it goes
        parts.append(_source_hash(kernel.__code__.co_filename))
        for name in sorted(_names(kernel.__code__).union(map(str, kernel.__annotations__.values()))):
            value = kernel.__globals__.get(name)
            if isinstance(value, type) and hasattr(value, "_fields"):
                # numba tells named tuples apart by their class, and their items by position alone.
                parts.append(_source_hash(getfile(value)))
            elif isinstance(value, Dispatcher):
                if value.py_func not in reached:
                    reached.append(value.py_func)
            elif isinstance(value, np.ndarray):
                parts.append(f"{name}: {value.dtype}{value.shape}{sha256(value.tobytes()).hexdigest()}")
            elif isinstance(value, bool | int | float | complex | str | tuple | np.generic):
                parts.append(f"{name}: {value!r}")
    return sha256("\n".join(parts).encode()).hexdigest()


def _names(code: CodeType) -> set[str]:
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    return set(code.co_names).union(*map(_names, inner))


@cache
def _source_hash(file: str) -> str:
    # A frozen program holds the sources in itself.
    with open(sys.executable if getattr(sys, "frozen", False) else file, "rb") as source:
        return file_digest(source, "sha256").hexdigest()
