"""Bundles of many plugins: each has a state of its own, and a bad one harms no other."""

import json
import time

import numpy as np
import pytest
from wavemend.errors import NotInstalledError, PluginError
from wavemend.host.cli import vst3_tables as listing
from wavemend.host.vst3 import refusals
from wavemend.host.vst3.bundle.identity import Identity
from wavemend.host.vst3.installed.catalogue import Catalogue, catalogue_path, load_catalogue
from wavemend.host.vst3.installed.probe import bundle_to_json
from wavemend.host.vst3.loaded.factory import bus_channels, declared_classes
from wavemend.host.vst3.plugin import VST3

from ..faulty_plugins import make_bundle

RATE = 8000
CRASHED = "crashed (SIGSEGV)"
EXPECTED = {
    "Shelf": ("good", ""),
    "Crashes Made": ("crashed", CRASHED),
    "Refuses To Begin": ("refused", refusals.REFUSES_TO_BEGIN),
    "Crashes Playing": ("crashed", CRASHED),
    "Piano": ("instrument", refusals.INSTRUMENT),
    "Ducker": ("refused", refusals.several_buses([2, 2], [2], CRASHED)),
    "Gate": ("good", ""),
    "Splitter": ("good", ""),
    "Panner": ("refused", refusals.uneven(1, 2)),
    "Quad": ("refused", refusals.other_count(4)),
    "Nan": ("refused", refusals.NOT_FINITE),
    "Last": ("good", ""),
}
GOOD = [name for name, (state, _) in EXPECTED.items() if state == "good"]


def identifier(name):
    return name.encode().ljust(16, b"\0").hex().upper()


@pytest.fixture(scope="session")
def shell(shell_binary, tmp_path_factory):
    """A bundle with a plugin of every kind."""
    return make_bundle(tmp_path_factory.mktemp("shell"), "Shell", shell_binary)


@pytest.fixture(scope="session")
def tried_out(shell):
    catalogue = Catalogue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Catalogue, "save", lambda self: None)
        patch.setattr("wavemend.host.vst3.bundle.bundles.standard_folders", list)
        catalogue.scan([shell.parent], seconds=5)
    return catalogue


@pytest.fixture
def known(tried_out):
    """The catalogue after a scan of the shell."""
    catalogue = Catalogue(list(tried_out.folders), list(tried_out.bundles))
    catalogue.save()
    return catalogue


def declare(bundle, *classes):
    """Give a bundle a moduleinfo.json that says it has these classes."""
    folder = bundle / "Contents" / "Resources"
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        {
            "CID": identifier(name),
            "Name": name,
            "Category": "Audio Module Class",
            "Sub Categories": categories,
        }
        for name, *categories in classes
    ]
    (folder / "moduleinfo.json").write_text(json.dumps({"Version": "1.0.0", "Classes": listed}))


def test_every_plugin_has_its_own_state_and_its_true_reason(known):
    (bundle,) = known.bundles
    assert bundle.state == "good"
    assert {p.identity.name: (p.state, p.reason) for p in bundle.plugins} == EXPECTED
    for plugin in bundle.plugins:
        assert plugin.identity.identifier == identifier(plugin.identity.name)
        assert plugin.channels == ((2,) if plugin.state == "good" else None)
    assert load_catalogue() == known


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("name", GOOD)
def test_good_plugins_are_used_whatever_lies_beside_them(known, name, isolated):
    """One with a side-chain or a second output that can be switched off is one of them."""
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    plugin = VST3(name, isolated=isolated)
    assert plugin.identifier == identifier(name) and plugin.takes == (2,)
    assert np.array_equal(plugin(audio, RATE), audio)
    plugin.gain = 0.25
    assert np.array_equal(VST3(name, state=plugin.state, isolated=isolated)(audio, RATE), audio / 2)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in GOOD])
def test_bad_plugins_say_why_they_cannot_be_used(known, name):
    for wanted in (name, identifier(name)):
        with pytest.raises(PluginError) as caught:
            VST3(wanted)
        assert str(caught.value) == f"{name} cannot be used: {EXPECTED[name][1]}"
        assert not isinstance(caught.value, NotInstalledError)


def test_plugins_after_one_that_hangs_are_used_and_twins_are_told_apart(shell_binary, tmp_path):
    make_bundle(tmp_path / "vst3", "Slow", shell_binary)
    catalogue = Catalogue()
    catalogue.scan([tmp_path / "vst3"], seconds=1.5)
    assert [(p.identity.name, p.state, p.reason) for p in catalogue.bundles[0].plugins] == [
        ("Shelf", "good", ""),
        ("Hangs Playing", "timed out", "gave no answer within 1.5 s and was ended"),
        ("Shelf", "refused", refusals.SAME_NAME),
        ("Hum", "instrument", refusals.INSTRUMENT),
        ("Last", "good", ""),
    ]
    assert VST3("Last").name == "Last"
    assert VST3("Shelf").identifier == identifier("Shelf"), "the one that can be used"


def test_a_bundle_of_184_plugins_is_no_matter_of_minutes(shell_binary, tmp_path):
    """It takes 4 s on an idle machine."""
    make_bundle(tmp_path / "vst3", "Big", shell_binary)
    catalogue = Catalogue()
    begun = time.monotonic()
    catalogue.scan([tmp_path / "vst3"])
    assert time.monotonic() - begun < 60
    assert len(catalogue.bundles[0].plugins) == 184
    assert listing.counts(catalogue) == "167 can be used; 17 cannot: 6 crashed, 6 instrument, 5 refused"


def test_what_a_bundle_declares_is_run_one_by_one_when_it_is_used(shell_binary, tmp_path):
    bundle = make_bundle(tmp_path / "vst3", "Shell", shell_binary)
    declare(bundle, ("Shelf", "Fx"), ("Piano", "Instrument", "Piano"), ("Last", "Fx"), ("Crashes Made", "Fx"))
    catalogue = Catalogue()
    catalogue.scan([bundle.parent])
    assert [(p.identity.name, p.state) for p in catalogue.bundles[0].plugins] == [
        ("Shelf", "not run yet"),
        ("Piano", "instrument"),
        ("Last", "not run yet"),
        ("Crashes Made", "not run yet"),
    ]
    assert VST3("Last").takes == (2,)
    with pytest.raises(PluginError, match="Crashes Made cannot be used: crashed"):
        VST3("Crashes Made")
    # Its code told of all the others, and none of them was run for that.
    states = {p.identity.name: p.state for p in load_catalogue().bundles[0].plugins}
    expected = dict.fromkeys(EXPECTED, "not run yet")
    assert states == expected | {"Piano": "instrument", "Last": "good", "Crashes Made": "crashed"}
    with pytest.raises(PluginError, match="Piano cannot be used: is an instrument"):
        VST3("Piano")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"Classes": [{"CID": "0"}]}',
        '{"Classes": [{"CID": "' + "0" * 32 + '", "Name": "Shelf", "Category": "Audio Module Class"}]}',
    ],
)
def test_a_declaration_that_is_wrong_keeps_nothing_from_being_used(shell_binary, tmp_path, text):
    bundle = make_bundle(tmp_path / "vst3", "Shell", shell_binary)
    declare(bundle)
    (bundle / "Contents" / "Resources" / "moduleinfo.json").write_text(text)
    Catalogue().scan([bundle.parent])
    assert VST3("Shelf").identifier == identifier("Shelf")


def test_a_changed_bundle_has_the_wanted_plugin_tried_out_alone(shell_binary, tmp_path):
    bundle = make_bundle(tmp_path / "vst3", "Shell", shell_binary)
    declare(bundle, ("Shelf", "Fx"))
    Catalogue().scan([bundle.parent])
    assert VST3("Shelf").takes == (2,)
    (bundle / "Contents" / "new").touch()
    assert VST3("Shelf").takes == (2,)
    ran = [p.identity.name for p in load_catalogue().bundles[0].plugins if p.state == "good"]
    assert ran == ["Shelf"]


def test_the_list_is_readable_and_counts(known):
    rows = dict(listing.rows(known))
    assert rows["Shelf"] == "VST3 by wavemend tests, 1.0.0, stereo"
    assert rows["Piano"] == f"cannot be used: {refusals.INSTRUMENT} ({known.bundles[0].path})"
    assert listing.counts(known) == "4 can be used; 8 cannot: 5 refused, 2 crashed, 1 instrument"
    as_json = {entry["name"]: entry for entry in listing.as_json(known)}
    assert {name: (e["state"], e["reason"]) for name, e in as_json.items()} == EXPECTED


def test_the_code_is_asked_who_is_in_it_and_runs_none(shell):
    found = declared_classes(next((shell / "Contents").glob("*/*.so")))
    assert [identity.name for identity in found] == list(EXPECTED)
    piano = Identity(identifier("Piano"), "Piano", "wavemend tests", "1.0.0", "Instrument|Piano")
    assert piano in found


def test_the_code_is_asked_for_buses(shell):
    binary = next((shell / "Contents").glob("*/*.so"))
    assert bus_channels(binary, "Panner") == ([1], [2])
    assert bus_channels(binary, "Ducker") == ([2, 2], [2])
    assert bus_channels(binary, "Piano") == ([], [2])
    assert bus_channels(binary, "Refuses To Begin") is None
    assert bus_channels(binary, "Nobody") is None


def test_a_catalogue_of_the_first_version_still_serves(known):
    """What it found good is, and what it could not use is tried out by the next scan."""
    plain = bundle_to_json(known.bundles[0])
    plain["plugins"] = [p for p in plain["plugins"] if p["name"] == "Shelf"]
    for plugin in plain["plugins"]:
        del plugin["state"], plugin["reason"]
    bad = plain | {"path": "/gone/Bad.vst3", "state": "broken", "reason": "x", "plugins": []}
    content = {"format": "wavemend-plugin-catalogue", "format_version": 1, "folders": known.folders}
    catalogue_path().write_text(json.dumps(content | {"bundles": [plain, bad]}))
    assert VST3("Shelf").takes == (2,)
    again = load_catalogue()
    assert again.folders == known.folders and len(again.bundles) == 1
    again.save()
    assert json.loads(catalogue_path().read_text())["format_version"] == 2


def test_a_catalogue_of_a_later_version_is_told_about(known):
    text = catalogue_path().read_text().replace('"format_version": 2', '"format_version": 3')
    catalogue_path().write_text(text)
    with pytest.raises(PluginError, match="a newer version of wavemend wrote it"):
        VST3("Shelf")
