"""What can be told of bundles without running them."""

import platform
import sys
from pathlib import Path

import pytest
from wavemend.host.vst3.bundle import bundles

from tests.host.faulty_plugins import make_bundle

MACHINE = f"{platform.machine()}-linux"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="bundles as Linux has them")


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("linux", [".vst3", "/usr/local/lib/vst3", "/usr/lib/vst3"]),
        ("darwin", ["Library/Audio/Plug-Ins/VST3", "/Library/Audio/Plug-Ins/VST3", "/Network"]),
        ("win32", ["Programs/Common/VST3", "Common Files/VST3"]),
    ],
)
def test_the_standard_folders_of_each_platform(system, expected, monkeypatch):
    monkeypatch.undo()  # the fixture that hides the machine's folders
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setenv("COMMONPROGRAMFILES", "C:/Program Files/Common Files")
    folders = [folder.as_posix() for folder in bundles.standard_folders()]
    assert len(folders) >= len(expected)
    for folder, part in zip(folders, expected, strict=False):
        assert part in folder
    assert Path.home().as_posix() in folders[0]


def test_bundles_are_found_below_folders_each_once(tmp_path):
    for place in ("a/One.vst3/Contents", "a/maker/Two.vst3", ".vst3/Three.VST3", "b"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "b" / "Link.vst3").symlink_to(tmp_path / "a" / "One.vst3")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = bundles.find_bundles([tmp_path / "a", tmp_path / ".vst3", tmp_path / "b", tmp_path / "gone"])
    assert [path.name for path in found] == ["One.vst3", "Two.vst3", "Three.VST3"]


@linux_only
def test_a_changed_bundle_has_another_fingerprint(tmp_path):
    binary = tmp_path / "code"
    binary.write_bytes(b"\x7fELF")
    bundle = make_bundle(tmp_path, "Some", binary)
    before = bundles.fingerprint(bundle)
    assert bundles.fingerprint(bundle) == before
    (bundle / "Contents" / MACHINE / "Some.so").write_bytes(b"\x7fELF newer")
    assert bundles.fingerprint(bundle) != before
    assert bundles.fingerprint(tmp_path / "gone.vst3") == (0, 0, 0)


@linux_only
@pytest.mark.parametrize(
    ("files", "foreign", "reason"),
    [
        ({}, False, "empty: it has no folder Contents"),
        ({"Contents/x86_64-win/X.vst3": b"MZ"}, True, "made for x86_64-win; this machine needs"),
        ({"Contents/MacOS/X": b"\xcf\xfa", "Contents/x86_64-win/X.vst3": b"MZ"}, True, "MacOS, x86_64-win"),
        (
            {f"Contents/{MACHINE}/Y.so": b"\x7fELF"},
            False,
            "holds Y.so, not X.so; a bundle must not be renamed",
        ),
        ({f"Contents/{MACHINE}/X.so": b"junk"}, False, "is no program; the bundle is damaged"),
        ({f"Contents/{MACHINE}/X.so": b""}, False, "is no program"),
        ({"Contents/Info.plist": b""}, False, "has no Contents"),
    ],
)
def test_what_is_wrong_is_told_from_what_lies_there(tmp_path, files, foreign, reason):
    bundle = tmp_path / "X.vst3"
    bundle.mkdir()
    for name, content in files.items():
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_bytes(content)
    found = bundles.why_unusable(bundle)
    assert found is not None
    assert found[0] is foreign and reason in found[1]


@linux_only
@pytest.mark.parametrize(("content", "foreign"), [(b"MZ\x90", True), (b"text", False), (b"", False)])
def test_a_file_is_no_bundle_here(tmp_path, content, foreign):
    file = tmp_path / "X.vst3"
    file.write_bytes(content)
    found = bundles.why_unusable(file)
    assert found is not None and found[0] is foreign
