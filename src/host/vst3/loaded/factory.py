"""The classes a bundle's code declares, read without running one, and all of them hidden but one.

pedalboard makes and initialises every class of a bundle whenever it loads one of them: with 184 of them that
takes long, and one that crashes brings all of them down. So its view of the bundle is narrowed: the function
that tells about classes is replaced, in the table of the factory, by one that calls all others something
else than an audio effect.

The order of functions and the layout of structures are those of the VST 3 interface (``IPluginFactory``,
``IPluginFactory2``, ``IComponent``), as on Linux. Elsewhere bundles are loaded as they are.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...processes.arithmetic import same_arithmetic
from ..bundle.identity import Identity, checked_identity

_AUDIO_EFFECT = b"Audio Module Class"
_HIDDEN = b"Hidden Class"
_FACTORY_2 = bytes.fromhex("0007B650F24B4C0BA464EDB9F00B2ABB")
_COMPONENT = bytes.fromhex("E831FF31F2D54301928EBBEE25697802")
_MOST_CLASSES = 4096  # guard: of a bundle
_OK, _NO_INTERFACE = 0, -1  # source: VST3 SDK, funknown.h: kResultOk; kNoInterface
_POINTER = ctypes.sizeof(ctypes.c_void_p)

# Places in the tables of functions.
_QUERY_INTERFACE, _RELEASE = 0, 2  # source: places in VST3's virtual tables, funknown.h
# source: ipluginbase.h
_FACTORY_INFO, _COUNT_CLASSES, _CLASS_INFO, _CREATE_INSTANCE, _CLASS_INFO_2 = 3, 4, 5, 6, 7
_INITIALIZE, _TERMINATE, _BUS_COUNT, _BUS_INFO = 3, 4, 7, 8  # source: ipluginbase.h, ivstcomponent.h

_ClassInfoFunction = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)


class _FactoryInfo(ctypes.Structure):
    _fields_ = [
        ("vendor", ctypes.c_char * 64),
        ("url", ctypes.c_char * 256),
        ("email", ctypes.c_char * 128),
        ("flags", ctypes.c_int32),
    ]


class _ClassInfo(ctypes.Structure):
    _fields_ = [
        ("cid", ctypes.c_uint8 * 16),
        ("cardinality", ctypes.c_int32),
        ("category", ctypes.c_char * 32),
        ("name", ctypes.c_char * 64),
    ]


class _ClassInfo2(ctypes.Structure):
    _fields_ = [
        *_ClassInfo._fields_,
        ("flags", ctypes.c_uint32),
        ("sub_categories", ctypes.c_char * 128),
        ("vendor", ctypes.c_char * 64),
        ("version", ctypes.c_char * 64),
        ("sdk_version", ctypes.c_char * 64),
    ]


class _BusInfo(ctypes.Structure):
    _fields_ = [
        ("media_type", ctypes.c_int32),
        ("direction", ctypes.c_int32),
        ("channel_count", ctypes.c_int32),
        ("name", ctypes.c_uint16 * 128),
        ("bus_type", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
    ]


def declared_classes(binary: Path) -> list[Identity] | None:
    """Audio classes that a bundle's code declares, instruments too; None where it cannot be asked so.

    Loads the code, but makes none of the classes.
    """
    with _factory_of(binary) as factory:
        if factory is None:
            return None
        info = _FactoryInfo()
        _call(factory, _FACTORY_INFO, ctypes.byref(info))
        found = []
        for index in range(_count_classes(factory)):
            try:
                identity = _class_at(factory, index, _text(info.vendor))
            except ValueError:  # of a class that no preset could name
                continue
            found += [identity] if identity else []
        return found


def bus_channels(binary: Path, name: str) -> tuple[list[int], list[int]] | None:
    """Make a class and ask for the channels of each input and of each output; None: it does not say."""
    with _factory_of(binary) as factory:
        if factory is None:
            return None
        for index in range(_count_classes(factory)):
            info = _ClassInfo()
            known = _call(factory, _CLASS_INFO, index, ctypes.byref(info)) == _OK
            if known and info.category == _AUDIO_EFFECT and _text(info.name) == name:
                return _buses(factory, info)
    return None


@contextmanager
def only(binary: Path, name: str) -> Iterator[None]:
    """Hide every class but those of this name from what this thread loads meanwhile.

    One thread at a time. What is loaded must not be unloaded and made anew after it: then all are seen.
    """
    _hide_from_now_on(binary)
    _wanted[threading.get_ident()] = name
    try:
        yield
    finally:
        del _wanted[threading.get_ident()]


_wanted: dict[int, str] = {}
"""Name of the one class that is shown, by thread."""

_patched: dict[int, Any] = {}
"""Functions put into tables, by their address; they stay there as long as the process."""


def _hide_from_now_on(binary: Path) -> None:
    with _factory_of(binary) as factory:
        if factory is None:
            return
        place = _table(factory) + _CLASS_INFO * _POINTER
        original_address = ctypes.c_void_p.from_address(place).value or 0
        if original_address in _patched:
            return
        original = _ClassInfoFunction(original_address)

        def class_info(this: int, index: int, address: int) -> int:
            result: int = original(this, index, address)
            wanted = _wanted.get(threading.get_ident())
            if result == _OK and wanted is not None:
                info = _ClassInfo.from_address(address)
                if info.category == _AUDIO_EFFECT and _text(info.name) != wanted:
                    info.category = _HIDDEN
            return result

        function = _ClassInfoFunction(class_info)
        address = ctypes.cast(function, ctypes.c_void_p).value or 0
        if _make_writable(place):
            _patched[address] = function
            ctypes.c_void_p.from_address(place).value = address


def _make_writable(place: int) -> bool:
    """Tables lie in memory that the loader made read-only after it had filled it."""
    start = place - place % mmap.PAGESIZE
    libc = ctypes.CDLL(None)
    read_and_write = mmap.PROT_READ | mmap.PROT_WRITE
    return bool(
        libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(place + _POINTER - start), read_and_write) == 0
    )


@contextmanager
def _factory_of(binary: Path) -> Iterator[int | None]:
    """Address of the factory in a binary; None where it has none, or none can be asked for here."""
    with same_arithmetic():  # to load it may change that of this thread
        factory = _address_of_factory(binary)
        try:
            yield factory
        finally:
            if factory is not None:
                _call(factory, _RELEASE)


def _address_of_factory(binary: Path) -> int | None:
    if sys.platform == "linux":
        try:
            library = ctypes.CDLL(str(binary))
            library.ModuleEntry.argtypes = [ctypes.c_void_p]
            library.GetPluginFactory.restype = ctypes.c_void_p
            library.ModuleEntry(library._handle)
            address: int | None = library.GetPluginFactory()
            return address
        except (OSError, AttributeError):  # pedalboard says what is wrong with it
            return None
    return None


def _table(thing: int) -> int:
    return ctypes.c_void_p.from_address(thing).value or 0


def _call(thing: int, place: int, *arguments: Any) -> int:
    """Call a function of an interface; its result as a number of 32 bits."""
    address = ctypes.c_void_p.from_address(_table(thing) + place * _POINTER).value or 0
    # What goes beyond the declared argument is passed by its own type, as C does.
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)
    return int(function(ctypes.c_void_p(thing), *arguments))


def _count_classes(factory: int) -> int:
    return min(max(_call(factory, _COUNT_CLASSES), 0), _MOST_CLASSES)


def _class_at(factory: int, index: int, factory_vendor: str) -> Identity | None:
    """Who the class of this index is; None for one that is no audio class. Raises `ValueError`."""
    info = _ClassInfo()
    if _call(factory, _CLASS_INFO, index, ctypes.byref(info)) != _OK or info.category != _AUDIO_EFFECT:
        return None
    more = _ClassInfo2()
    with _interface(factory, _FACTORY_2) as second:
        if second is not None:
            _call(second, _CLASS_INFO_2, index, ctypes.byref(more))
    return checked_identity(
        identifier=bytes(info.cid).hex(),
        name=_text(info.name),
        vendor=_text(more.vendor) or factory_vendor,
        version=_text(more.version),
        category=_text(more.sub_categories),
    )


def _buses(factory: int, info: _ClassInfo) -> tuple[list[int], list[int]] | None:
    made = ctypes.c_void_p()
    wanted = (ctypes.c_uint8 * 16)(*_COMPONENT)
    _call(factory, _CREATE_INSTANCE, info.cid, wanted, ctypes.byref(made))
    if made.value is None:
        return None
    try:
        if _call(made.value, _INITIALIZE, ctypes.byref(_a_host)) != _OK:
            return None
        inputs, outputs = (_channels_of(made.value, direction) for direction in (0, 1))
        _call(made.value, _TERMINATE)
        return inputs, outputs
    finally:
        _call(made.value, _RELEASE)


def _channels_of(component: int, direction: int) -> list[int]:
    audio, found = 0, []
    for index in range(min(max(_call(component, _BUS_COUNT, audio, direction), 0), _MOST_CLASSES)):
        info = _BusInfo()
        _call(component, _BUS_INFO, audio, direction, index, ctypes.byref(info))
        found.append(info.channel_count)
    return found


@contextmanager
def _interface(thing: int, identifier: bytes) -> Iterator[int | None]:
    found = ctypes.c_void_p()
    _call(thing, _QUERY_INTERFACE, (ctypes.c_uint8 * 16)(*identifier), ctypes.byref(found))
    try:
        yield found.value
    finally:
        if found.value is not None:
            _call(found.value, _RELEASE)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


def _no_interface(this: int, identifier: int, found: int) -> int:
    ctypes.c_void_p.from_address(found).value = None
    return _NO_INTERFACE


_host_functions = (
    ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(_no_interface),
    *(ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p)(lambda this: 1) for _ in range(2)),
)
_host_table = (ctypes.c_void_p * 3)(*(ctypes.cast(f, ctypes.c_void_p).value for f in _host_functions))
_a_host = ctypes.c_void_p(ctypes.addressof(_host_table))
"""A host that offers nothing, for a class that is only asked for its buses."""
