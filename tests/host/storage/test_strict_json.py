"""JSON from strangers: what is refused, in how many words, and after how much work."""

import json

import pytest
from wavemend.errors import StrictJsonError
from wavemend.host.storage.strict_json import parse_object, printable


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[1e400]", "holds 1e400, which is beyond every number; at most 1.8e308 is read"),
        (b"[-1e400]", "holds -1e400, which is beyond"),
        (b"[" + b"9" * 5000 + b"]", "holds a number of 5000 digits; at most 300 are read"),
        (b"[1." + b"9" * 5000 + b"e999]", "holds 1.999.*which is beyond"),
        (b"[" * 65 + b"]" * 65, "nested too deeply; at most 64 levels are read"),
        (b'{"a":' * 65 + b"0" + b"}" * 65, "nested too deeply"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b"[" + b"0," * 2_000_001 + b"0]", "holds more than 2000000 values; leave out what is not needed"),
        (b"[" + b"[]," * 1_100_000 + b"0]", "holds more than 2000000 values"),
        (b"[Infinity]", "holds Infinity, which is no number in JSON"),
        (b'["' + b'\\"' * 1_000_000, "is not JSON"),
        (b'{"a":1,"a":2}', "holds 'a' twice"),
    ],
    ids=range(12),
)
def test_what_no_file_needs_is_refused_in_one_line(data, said):
    with pytest.raises(StrictJsonError, match=said) as caught:
        parse_object(data, "a preset")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "value",
    [
        "[" * 1000 + '"]{{,,',
        "\\" * 999 + '"',
        ["[[[["] * 100,
        {"a,b": [1.5, -3, 10**299, True, None, "\ud800"]},
    ],
)
def test_brackets_and_commas_within_texts_count_for_nothing(value):
    assert parse_object(json.dumps([value]).encode(), "a preset") == [value]


def test_numbers_are_what_they_were():
    numbers = [0.1, -0.0, 1e-320, 1.7976931348623157e308, 2**53 + 1, -7]
    assert list(map(repr, parse_object(json.dumps(numbers).encode(), "x"))) == list(map(repr, numbers))


def test_nothing_that_a_terminal_obeys_is_printable():
    assert printable("a\x1b[31mb\n\u202egpj.exe\u2066\x9bc") == "a [31mb gpj.exe c"
    assert printable("\u05d0\u200d\U0001f600 e\u0301") == "\u05d0\u200d\U0001f600 e\u0301"
