"""English prompts with what is said in them, joined to takes of under half a minute.

The texts are those that Asterisk's sounds are published with (``core-sounds-en.txt`` of
asterisk-core-sounds-en 1.6.1; Creative Commons Attribution-ShareAlike 3.0, as the recordings), numbers
written out. They were chosen by length alone, without names and without words that are spelt in two ways. The
sets are those of `bench.material.takes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench.material.fetch_audio import CACHE
from bench.material.takes import SAMPLE_RATE, Take, dithered, faded_clip, split_of

PACKAGE = "asterisk-core-sounds-en-g722"
_VOICE = "en_US_f_Allison"

TEXTS = {
    "agent-alreadyon": (
        "That agent is already logged on. Please enter your agent number followed by the pound key."
    ),
    "auth-incorrect": "Password incorrect. Please enter your password followed by the pound key.",
    "conf-invalid": "That is not a valid conference number. Please try again.",
    "followme/sorry": "I'm sorry, but I was unable to locate the person you are calling.",
    "privacy-unident": "The party you are trying to reach does not accept unidentified calls.",
    "queue-youarenext": (
        "Your call is now first in line and will be answered by the next available representative."
    ),
    "queue-periodic-announce": (
        "All of our representatives are currently busy. Please stay on the line and your call will be "
        "answered by the next available representative."
    ),
    "followme/status": (
        "The person you are calling is not at their desk. I will try to locate them for you."
    ),
    "vm-saveoper": "Press one to accept this recording. Otherwise, please continue to hold.",
    "vm-forward-multiple": "Press one to send this message, or two to add another recipient.",
    "vm-rec-temp": "After the tone, say your temporary message, and then press the pound key.",
    "confbridge-mute-extended": (
        "To mute, or unmute yourself. When you are muted you can not send audio to other participants. "
        "However you will still hear audio from other unmuted participants."
    ),
    "vm-tmpexists": "There is a temporary greeting, which overrides your standard greetings.",
    "vm-forwardoptions": "Press one to prepend a message or two to forward the message without prepending.",
    "confbridge-pin-bad": "You have entered too many invalid personal identification numbers.",
    "vm-invalid-password": (
        "That password does not meet the minimum requirements for this mailbox. Please try again."
    ),
    "pbx-invalidpark": "I am sorry, there is no call parked on that extension. Please try again.",
    "priv-callpending": "I have a caller waiting, who introduces themselves as",
    "ss-noservice": "The number you have dialed is not in service. Please check the number and try again.",
    "tt-allbusy": (
        "All representatives of the household are currently assisting other telemarketers. Please hold and "
        "your call will be answered in the order it was received."
    ),
    "dir-instr": "If this is the person you are looking for press one now, otherwise please press star now.",
    "vm-nobox": "You cannot reply to this message because the sender does not have a mailbox.",
    "priv-introsaved": "Thank you. Please hold, while I attempt to connect you with your party!",
    "vm-rec-unv": "After the tone say your unavailable message and then press the pound key.",
    "confbridge-lock-extended": (
        "To lock, or unlock the conference. When a conference is locked only conference administrators can "
        "join."
    ),
    "vm-opts-full": (
        "Press two to access messages saved in other folders. Press three to record a message for another "
        "mailbox. Press zero for greetings and password management."
    ),
    "invalid": "I am sorry, that's not a valid extension. Please try again.",
    "vm-tempgreeting2": (
        "Press one to record your temporary greeting, or press two to erase your temporary greeting."
    ),
    "vm-rec-busy": "After the tone say your busy message and then press the pound key.",
}


@dataclass(frozen=True)
class Spoken:
    """A take, and the words that are said in it."""

    take: Take
    text: str


def spoken_takes(split: str, count: int, longest_s: float = 28.5) -> list[Spoken]:
    """Return up to ``count`` takes of a set; each prompt is in one of them.

    Raises
    ------
    FileNotFoundError
        The package has not been fetched.
    """
    folder = CACHE / PACKAGE / _VOICE
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there: python -m bench.material.fetch_audio {PACKAGE}")
    groups: list[list[str]] = [[]]
    length = 0.0
    for name in TEXTS:
        if split_of(f"{PACKAGE}/{_VOICE}/{name}") == split:
            seconds = soundfile.info(folder / f"{name}.flac").duration
            if length + seconds > longest_s:
                groups.append([])
                length = 0.0
            groups[-1].append(name)
            length += seconds
    return [_joined(folder, names) for names in groups[:count]]


def _joined(folder: Path, names: list[str]) -> Spoken:
    audio = np.concatenate([faded_clip(folder / f"{name}.flac", mono=True) for name in names], axis=1)
    called = f"{PACKAGE}/{_VOICE}/{names[0]}+{len(names) - 1}"
    take = Take(called, dithered(audio, called), SAMPLE_RATE)
    return Spoken(take, " ".join(TEXTS[name] for name in names))
