"""Packs: the same bytes for the same preset, true about how it sounds, and harmless whoever made them."""

import io
import json
import os
import stat
import struct
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from wavemend.analysis.program.loudness import momentary_lufs
from wavemend.errors import AudioFileError, PresetError
from wavemend.host.chain.chain import Chain
from wavemend.host.presets import fingerprint, packs
from wavemend.host.presets.fingerprint import RenderFingerprint, render_fingerprint
from wavemend.host.presets.pack_file import pack_bytes, parse_pack
from wavemend.host.presets.packs import described, read_pack, sound_here, unpack, write_pack
from wavemend.host.presets.preset import load_preset
from wavemend.host.presets.standard_signal import RATE, standard_signal
from wavemend.plugins.dehum import Dehum

from .test_settings import GAIN, STRANGER, written
from .vst3_presets import WRITTEN

DOCUMENT = {"format": "wavemend-recording", "format_version": 1}


@pytest.fixture
def packed(tmp_path):
    """Return a pack of a gain, with a document, and the files in it."""
    preset = written(tmp_path / "gain.json", GAIN, name="Gain")
    (tmp_path / "side.wav.wavemend.json").write_text(json.dumps(DOCUMENT))
    write_pack(
        preset,
        tmp_path / "gain.wavemend",
        author="Ann",
        licence="CC0-1.0",
        notes="Two\nlines",
        documents=[tmp_path / "side.wav.wavemend.json"],
    )
    return tmp_path / "gain.wavemend"


def repacked(path, change=lambda members, manifest: None, to="other.wavemend"):
    """Write a pack whose preset or manifest `change` made another, with hashes that fit."""
    members = parse_pack(Path(path).read_bytes())
    manifest = json.loads(members["pack.json"])
    change(members, manifest)
    manifest["files"] = {
        name: sha256(data).hexdigest() for name, data in members.items() if name != "pack.json"
    }
    members["pack.json"] = json.dumps(manifest).encode()
    target = Path(path).with_name(to)
    target.write_bytes(pack_bytes(members))
    return target


def test_a_pack_is_read_back_unpacked_and_sounds_the_same(packed, tmp_path):
    pack = read_pack(packed)
    assert [*pack.members] == ["pack.json", "preset.json", "documents/01.json"]
    assert pack.manifest.documents == {"documents/01.json": "side.wav.wavemend.json"}
    said = dict(described(pack))
    assert said["author"] == "Ann" and said["notes"] == r"Two\nlines" and "numpy " in said["made with"]
    assert sound_here(pack) == "identical, every sample of the test signal"
    files = unpack(pack, tmp_path / "new")
    assert {path.relative_to(tmp_path / "new").as_posix() for path in files} == set(pack.members)
    assert load_preset(tmp_path / "new" / "preset.json").name == "Gain"


def test_the_same_preset_gives_the_same_bytes(packed, tmp_path):
    write_pack(tmp_path / "gain.json", tmp_path / "a.wavemend")
    write_pack(tmp_path / "gain.json", tmp_path / "b.wavemend")
    assert (tmp_path / "a.wavemend").read_bytes() == (tmp_path / "b.wavemend").read_bytes()


def test_nothing_is_ever_written_over(packed, tmp_path):
    before = sorted(path.name for path in tmp_path.iterdir())
    for name in ("gain.json", "nowhere/new"):
        with pytest.raises(AudioFileError, match="is there already|cannot be written"):
            unpack(read_pack(packed), tmp_path / name)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AudioFileError, match="is there already"):
        unpack(read_pack(packed), tmp_path / "link")
    with pytest.raises(AudioFileError, match="is there already"):
        write_pack(tmp_path / "gain.json", packed)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "link"])


def test_an_interrupted_unpacking_leaves_nothing(packed, tmp_path, monkeypatch):
    def interrupted(self, target):
        raise KeyboardInterrupt

    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        unpack(read_pack(packed), tmp_path / "new")
    assert sorted(tmp_path.iterdir()) == before


# -- how it sounds -----------------------------------------------------------------------------------


def test_another_sound_is_told_by_how_much(packed):
    def louder(members, manifest):
        members["preset.json"] = members["preset.json"].replace(b"1.5", b"4.5")

    said = sound_here(read_pack(repacked(packed, louder)))
    assert said == "differs by up to 3.0 dB, by levels of the test signal, though no version is another"


def test_nearly_the_same_sound_is_no_other_and_not_called_identical(packed):
    def louder(members, manifest):
        members["preset.json"] = members["preset.json"].replace(b"1.5", b"1.52")

    assert sound_here(read_pack(repacked(packed, louder))).startswith("same within 0.02 dB, by levels")


def test_versions_are_named_that_are_other_ones(tmp_path):
    hum = packs.load_preset("hum")
    write_pack("hum", tmp_path / "hum.wavemend")

    def older(members, manifest):
        manifest["plugins"] = {"1 Dehum": "2"}
        manifest["fingerprint"]["sha256"] = "0" * 64
        manifest["fingerprint"]["tenths_dbfs"][0][3] += 2.04
        now = f'"version": {Dehum.version}'.encode()
        members["preset.json"] = members["preset.json"].replace(now, b'"version": 2')

    pack = read_pack(repacked(tmp_path / "hum.wavemend", older))
    assert hum.chain.warnings() == []
    said = f"differs by up to 2.0 dB, by levels of the test signal: Dehum 2 -> {Dehum.version}"
    assert sound_here(pack) == said

    def elsewhere(members, manifest):
        manifest["made_with"]["numpy"] = "1.0"
        manifest["fingerprint"]["sha256"] = "0" * 64

    said = sound_here(read_pack(repacked(tmp_path / "hum.wavemend", elsewhere)))
    assert said == f"same within 0.01 dB, by levels of the test signal: numpy 1.0 -> {np.__version__}"


def test_what_cannot_be_rendered_here_is_not_compared(packed):
    def stranger(members, manifest):
        preset = json.loads(members["preset.json"])
        preset["chain"] = [STRANGER | {"bypass": False}]
        members["preset.json"] = json.dumps(preset).encode()

    pack = read_pack(repacked(packed, stranger))
    assert "no stage 'studio.dehiss' is installed" in sound_here(pack)

    def signal(members, manifest):
        manifest["fingerprint"]["signal"] = "wavemend-standard-9"

    said = sound_here(read_pack(repacked(packed, signal)))
    assert said.startswith("not compared: its test signal is 'wavemend-standard-9'")


@pytest.mark.parametrize("names_a_substitute", [False, True])
def test_what_a_missing_vst3_does_to_the_sound_is_told(packed, own_catalogue, names_a_substitute):
    def stranger(members, manifest):
        preset = json.loads(members["preset.json"])
        slot = WRITTEN["chain"][0]
        if names_a_substitute:
            slot = slot | {
                "missing": "substitute",
                "substitute": {k: GAIN[k] for k in ("plugin", "parameters")},
            }
        preset["chain"].append(slot)
        members["preset.json"] = json.dumps(preset).encode()

    pack = read_pack(repacked(packed, stranger))
    assert dict(described(pack))["missing"].endswith("the VST3 Good by wavemend tests is not installed here")
    said = sound_here(pack)
    if names_a_substitute:  # which is what the preset asks for, and so is compared as it is
        assert said == "not compared: the VST3 Good is not installed here and was replaced by Gain" + (
            "; with --missing bypass it differs by up to 0.0 dB"
            "; with --missing substitute it differs by up to 1.5 dB"
        )
    else:
        assert said.startswith(
            "not compared: preset.json: slot 2 (Good): the VST3 Good by wavemend tests is not"
        )
        assert said.endswith("; with --missing bypass it differs by up to 0.0 dB")


def test_levels_are_those_of_the_bands_and_times():
    silent = render_fingerprint(Chain([]))
    assert silent.third_octaves_dbfs.shape == (2, 30) and silent.tenths_dbfs.shape == (2, 100)
    assert silent.momentary_lufs.shape == (97,)
    loudness = momentary_lufs(standard_signal(), RATE)
    assert np.allclose(silent.momentary_lufs, np.maximum(loudness, -90), atol=1e-3)
    louder = replace(silent, sha256="0" * 64, momentary_lufs=silent.momentary_lufs + 1.5)
    older = replace(silent, momentary_lufs=np.zeros(0))
    assert louder.distance_db(silent) == pytest.approx(1.5) and louder.distance_db(older) == 0
    assert "momentary_lufs" not in older.to_json()
    assert RenderFingerprint.from_json(json.loads(json.dumps(older.to_json()))).momentary_lufs.size == 0
    power = np.sum(10 ** (silent.third_octaves_dbfs / 10), axis=1)
    assert np.allclose(10 * np.log10(power), 10 * np.log10(np.mean(standard_signal() ** 2, axis=1)), atol=3)
    back = RenderFingerprint.from_json(json.loads(json.dumps(silent.to_json())))
    assert back.distance_db(silent) == 0 and back.compared(silent, []).startswith("identical")
    assert fingerprint.SAME_DB == 0.1


# -- strangers ---------------------------------------------------------------------------------------


def zipped(*files, deflate=False, comment=b""):
    """Return a zip of (name or ZipInfo, bytes)."""
    held = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(held, "w", kind) as archive:
        for name, data in files:
            archive.writestr(name, data)
        archive.comment = comment
    return held.getvalue()


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def with_zip64_sizes(good, size, offset):
    """Return a zip whose first file's size and place are those of a Zip64 field."""
    directory, end = good.index(b"PK\1\2"), good.rindex(b"PK\5\6")
    entry, last = bytearray(good[directory:end]), bytearray(good[end:])
    extra = struct.pack("<HHQQQ", 1, 24, size, size, offset)
    for field in (20, 24, 42):
        struct.pack_into("<I", entry, field, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, len(extra))
    struct.pack_into("<I", last, 12, len(entry) + len(extra))
    name = 46 + len("pack.json")
    return good[:directory] + bytes(entry[:name] + extra + entry[name:] + last)


BOTH = [("pack.json", b"{}"), ("preset.json", b"{}")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no pack"),
        (b"PK\3\4", "is no pack"),
        (b"PK\3\4" + b"\0" * 100, "does not end as one"),
        (zipped(), "is no pack"),
        (zipped(("preset.json", b"{}")), "holds no pack.json"),
        (zipped(*BOTH[:1]), "holds no preset.json"),
        *[
            (zipped(*BOTH, (name, b"x")), "which is no place in a pack")
            for name in (
                "../x", "/etc/passwd", "C:\\x", "models/../../x.onnx", "documents/01.json/", "x",
                "states/.vstpreset", "models/" + "0" * 63 + "/.onnx", "preset.json ", "PRESET.JSON",
            )
        ],
        (zipped(*BOTH, (link("documents/01.json"), b"/etc/passwd")), "as a link or a folder"),
        (zipped(*BOTH, deflate=True), "compressed or encrypted"),
        (zipped(*BOTH, comment=b"hi"), "does not end as one"),
        (b"PK\3\4" + zipped(*BOTH), "no part of it"),
        (zipped(*BOTH, *[(f"documents/{n:02}.json", b"") for n in range(70)]), "more than 64 files"),
        (zipped(*BOTH) + b"\0", "does not end as one"),
    ],
)  # fmt: skip
def test_what_is_no_pack_of_ours_is_refused_in_a_line(tmp_path, data, said):
    (tmp_path / "theirs.wavemend").write_bytes(data)
    with pytest.raises(PresetError, match=said) as caught:
        read_pack(tmp_path / "theirs.wavemend")
    assert str(caught.value).startswith(f"{tmp_path}/theirs.wavemend: ") and "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_doubles_overlaps_and_false_sizes_are_refused():
    with pytest.raises(PresetError, match="twice"):
        parse_pack(zipped(*BOTH, ("preset.json", b"[]")))
    good = zipped(*BOTH, ("documents/01.json", b"x" * 200))
    directory = good.rindex(b"PK\1\2")
    for offset, value in ((20, 100), (24, 100), (42, 10**6), (8, 1), (10, 8)):  # sizes, place, flags, method
        bad = bytearray(good)
        struct.pack_into("<I" if offset >= 20 else "<H", bad, directory + offset, value)
        with pytest.raises(PresetError):
            parse_pack(bytes(bad))
    with pytest.raises(PresetError, match="^holds pack.json with extra fields, such as Zip64's"):
        parse_pack(with_zip64_sizes(good, 2, 2**64 - 1))
    flipped = good.replace(b"x" * 200, b"y" * 200)
    with pytest.raises(PresetError, match="damaged"):
        parse_pack(flipped)


def test_a_file_that_is_another_than_the_manifest_says_is_refused(packed, tmp_path):
    members = parse_pack(packed.read_bytes())
    members["preset.json"] = members["preset.json"].replace(b"1.5", b"9.5")
    (tmp_path / "b.wavemend").write_bytes(pack_bytes(members))
    with pytest.raises(PresetError, match=r"preset\.json is another file than pack\.json says"):
        read_pack(tmp_path / "b.wavemend")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(format="x"), "this wavemend reads 'wavemend-pack' version 1"),
        (lambda m: m.update(format_version=2), "version 2; this wavemend reads"),
        (lambda m: m.update(run="rm"), "unknown field 'run'"),
        (lambda m: m.pop("fingerprint"), "'fingerprint' is missing"),
        (lambda m: m.update(author="\x1b[31m"), "author must be plain text of at most 200"),
        (lambda m: m.update(notes="x" * 10_001), "notes must be plain text of at most 10000"),
        (lambda m: m.update(plugins={"1 \x1b": "2"}), "control characters"),
        (lambda m: m.update(made_with={"numpy": "1\nsound: identical"}), "nor line breaks"),
        (lambda m: m.update(made_with={"numpy": "1\u202e2"}), "control characters"),
        (lambda m: m.update(plugins=3), "plugins must hold at most 256 short texts"),
        (lambda m: m.update(documents={}), "names other documents than there are"),
        (lambda m: m["fingerprint"].update(tenths_dbfs=[[0.0]]), "tenths_dbfs must be 2 lists of 100 levels"),
        (
            lambda m: m["fingerprint"].update(momentary_lufs=[0.0]),
            "must be 1 list of 97 levels",
        ),
        (lambda m: m["fingerprint"].update(momentary_lufs={}), "must be 1 list of 97 levels"),
        (lambda m: m["fingerprint"].update(sha256=3), "sha256 is 3; it must be text"),
        (lambda m: m["fingerprint"]["third_octaves_dbfs"][0].__setitem__(0, True), "must be 2 lists of 30"),
    ],
)
def test_a_manifest_is_read_strictly(packed, change, said):
    path = repacked(packed, lambda members, manifest: change(manifest))
    with pytest.raises(PresetError, match=said):
        read_pack(path)


def test_a_document_that_is_none_is_refused_on_both_ways(packed, tmp_path):
    (tmp_path / "none.json").write_text("{}")
    with pytest.raises(PresetError, match=r"none\.json: is no recording document"):
        write_pack(tmp_path / "gain.json", tmp_path / "b.wavemend", documents=[tmp_path / "none.json"])
    path = repacked(packed, lambda members, manifest: members.update({"documents/01.json": b"{}"}))
    with pytest.raises(PresetError, match=r"documents/01\.json: is no recording document"):
        read_pack(path)


def test_what_is_packed_can_be_read(tmp_path, monkeypatch):
    preset = written(tmp_path / "gain.json", GAIN)
    document = tmp_path / "a\x1b[31m\nb.json"
    document.write_text(json.dumps(DOCUMENT))
    write_pack(preset, tmp_path / "a.wavemend", documents=[document])
    assert read_pack(tmp_path / "a.wavemend").manifest.documents == {"documents/01.json": "a [31m b.json"}
    monkeypatch.setattr(packs, "packages", lambda: {"numpy": "x" * 1000})
    with pytest.raises(PresetError, match=r"b\.wavemend: cannot be packed: .*made_with"):
        write_pack(preset, tmp_path / "b.wavemend")
    assert not (tmp_path / "b.wavemend").exists()


def test_a_pack_is_called_one_so_that_it_replaces_no_preset(tmp_path):
    preset = written(tmp_path / "gain.json", GAIN)
    with pytest.raises(PresetError, match=r"a pack's name ends in \.wavemend: gain\.wavemend"):
        write_pack(preset, preset, overwrite=True)
    assert load_preset(preset).chain[0].gain_db == 1.5


def test_large_documents_are_refused_on_both_ways(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "_MOST_DOCUMENT_BYTES", 20)
    with pytest.raises(PresetError, match=r"json: larger than 0 MB, the most in a pack"):
        write_pack(tmp_path / "gain.json", tmp_path / "b.wavemend", documents=[tmp_path / "gain.json"])
    with pytest.raises(PresetError, match=r"documents/01\.json: larger"):
        read_pack(packed)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.wavemend")
    with pytest.raises(PresetError, match="is no file"):
        read_pack(tmp_path / "a.wavemend")


def test_a_pack_in_the_place_of_a_preset_says_what_to_do(packed):
    with pytest.raises(
        PresetError, match="is a pack: take the preset out of it with `wavemend presets unpack"
    ):
        load_preset(packed)


def test_models_travel_by_their_hash(tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "models_folder", lambda: tmp_path)
    monkeypatch.setattr(packs, "check_models", lambda chain, source: None)
    monkeypatch.setattr(packs, "render_fingerprint", lambda chain: render_fingerprint(Chain([])))
    name = sha256(b"a model").hexdigest()
    (tmp_path / f"{name}.onnx").write_bytes(b"a model")
    learned = packs.load_preset("vinyl")
    learned.chain[0].model = name
    monkeypatch.setattr(packs, "load_preset", lambda preset: learned)
    write_pack("vinyl", tmp_path / "a.wavemend")
    pack = read_pack(tmp_path / "a.wavemend")
    assert pack.members[f"models/{name}.onnx"] == b"a model"
    assert ("model", f"add it: wavemend models add models/{name}.onnx") in described(pack)

    def other(members, manifest):
        members[f"models/{name}.onnx"] = b"another"

    with pytest.raises(PresetError, match="is another model than its name says"):
        read_pack(repacked(tmp_path / "a.wavemend", other))
