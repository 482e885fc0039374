"""Devices are meant by their names; what is not there is said in a line."""

import pytest
from wavemend import DeviceError
from wavemend.host.monitor import devices

NAMES = ["USB Audio", "Built-in Output", "Built-in Microphone"]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("default", "Built-in Output"), ("USB Audio", "USB Audio"), ("usb", "USB Audio"), ("phone", NAMES[2])],
)
def test_a_device_is_meant_by_its_name_or_a_part_of_it(wanted, name):
    assert devices.named(wanted, "output", NAMES, "Built-in Output") == name


def test_without_a_default_the_first_one_is_meant():
    assert devices.named("default", "input", NAMES, None) == NAMES[0]


@pytest.mark.parametrize(
    ("wanted", "names", "message"),
    [
        ("x", [], "no sound device for input"),
        ("x", NAMES, "no device is called 'x'"),
        ("built", NAMES, "several"),
    ],
)
def test_what_is_not_there_is_said(wanted, names, message):
    with pytest.raises(DeviceError, match=message):
        devices.named(wanted, "input", names, None)


def test_what_cannot_be_opened_is_one_error():
    with pytest.raises(DeviceError, match="cannot be opened"):
        devices.opened("no such", "no such", sample_rate=None, buffer_size=512, channels=2, feedback=False)
