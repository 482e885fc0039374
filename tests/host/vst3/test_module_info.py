"""Identity from moduleinfo.json, which is JSON5 in practice and a stranger's in any case."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.host.vst3.module_info import identities, plain_json

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
