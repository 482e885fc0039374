"""Identity from moduleinfo.json, which is JSON5 in practice and a stranger's in any case."""

import json
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.host.vst3.bundle.module_info import identities, plain_json

DECLARED = """\
// written by a tool
{
  "Name": "Comp", "Version": "1.2.3", /* of the module */
  "Factory Info": {"Vendor": "A // Maker", "URL": "https://example.org",},
  "Classes": [
    {"CID": "0123456789abcdef0123456789ABCDEF", "Category": "Audio Module Class", "Name": "Comp",
     "Version": "1.2.3", "Sub Categories": ["Fx", "Dynamics",],},
    {"CID": "0123456789ABCDEF0123456789ABCDEE", "Category": "Component Controller Class", "Name": "Comp",},
  ],
}
"""


def bundle_with(tmp_path, text, place="Contents/Resources"):
    folder = tmp_path / "Comp.vst3" / place
    folder.mkdir(parents=True)
    (folder / "moduleinfo.json").write_text(text, encoding="utf-8")
    return tmp_path / "Comp.vst3"


@pytest.mark.parametrize("place", ["Contents/Resources", "Contents"])
def test_effects_are_read_and_controllers_left_out(tmp_path, place):
    (found,) = identities(bundle_with(tmp_path, DECLARED, place))
    assert found.identifier == "0123456789ABCDEF0123456789ABCDEF"
    assert (found.name, found.vendor, found.version) == ("Comp", "A // Maker", "1.2.3")
    assert found.category == "Fx|Dynamics"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"Classes": {}}',
        '{"Classes": [{"Category": "Audio Module Class"}]}',
        '{"Classes": [{"Category": "Audio Module Class", "CID": "../../evil", "Name": "x"}]}',
        '{"Classes": [{"Category": "Audio Module Class", "CID": 7, "Name": "x"}]}',
        '{"Classes": [{"Category": "Audio Module Class", "CID": "' + "0" * 32 + '", "Name": ""}]}',
        "[" * 100_000,
    ],
)
def test_what_is_not_usable_declares_nothing(tmp_path, text):
    assert identities(bundle_with(tmp_path, text)) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"Sub Categories": ["Fx", "Dynamics",]', '"SubCategories": ["Fx", "Dynamics"]'),
        ('"Sub Categories": ["Fx", "Dynamics",]', '"sub_categories": "Fx|Dynamics"'),
        ('"Classes"', '"classes"'),
        ('"Audio Module Class"', '"audio module class "'),
        ('"Factory Info"', '"factory info"'),
        ("0123456789abcdef0123456789ABCDEF", "{01234567-89ab-cdef-0123-456789ABCDEF}"),
    ],
)
def test_misspelt_files_are_read(tmp_path, right, wrong):
    assert right in DECLARED
    (found,) = identities(bundle_with(tmp_path, DECLARED.replace(right, wrong)))
    assert found == identities(bundle_with(tmp_path / "right", DECLARED))[0]


def test_what_it_leaves_out_is_left_open(tmp_path):
    text = DECLARED.replace('"Vendor": "A // Maker", ', "").replace('"Sub Categories"', '"Else"')
    (found,) = identities(bundle_with(tmp_path, text.replace('"Version": "1.2.3", /*', "/*")))
    assert (found.name, found.vendor, found.version, found.category) == ("Comp", "", "1.2.3", "")


def test_one_entry_that_is_not_understood_puts_the_whole_file_in_doubt(tmp_path):
    """The bundle is asked itself then; else that plugin could not be found by its name."""
    text = DECLARED.replace("0123456789ABCDEF0123456789ABCDEE", "7").replace(
        "Component Controller", "Audio Module"
    )
    assert identities(bundle_with(tmp_path, text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "/*" * 500_000,
        '"\\' + '\\"' * 500_000,
        "," * 1_000_000,
        "[" + "1," * 500_000,
        '{"Classes": [' + "{}," * 500_000 + "]}",
        '{"Classes": ' + "9" * 1_000_000 + "}",
        " " * (4 * 2**20 + 1),
    ],
)
def test_files_made_to_take_hours_are_passed_over_at_once(tmp_path, text):
    bundle = bundle_with(tmp_path, text)
    begun = time.monotonic()
    assert identities(bundle) is None
    assert time.monotonic() - begun < 10


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_in_its_place_is_passed_over(tmp_path):
    bundle = bundle_with(tmp_path, "")
    (bundle / "Contents/Resources/moduleinfo.json").unlink()
    os.mkfifo(bundle / "Contents/Resources/moduleinfo.json")
    assert identities(bundle) is None


def test_names_cannot_hold_control_characters(tmp_path):
    text = DECLARED.replace('"Name": "Comp",\n', '"Name": "Co\\u001b[31mmp",\n')
    (found,) = identities(bundle_with(tmp_path, text))
    assert found.name == "Co [31mmp"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_plain_json_stays_as_it_is(value):
    assert json.loads(plain_json(json.dumps(value))) == value
