"""The process a VST3 runs in: forked, or ``python -m wavemend.host.vst3.process.worker``; see `starting`.

Commands come in on standard input, answers go out on what was standard output; whatever the plugin prints
goes nowhere. The host holds the other end of the lifeline: when the host is gone, however it went, the
kernel kills this process and its group, even in the middle of a plugin that hangs. It leads a session, so
that what the plugin starts is in that group.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import NoReturn

from ....errors import PluginError
from ...processes.lifeline import die_with_the_host, leave_no_core_file
from ...processes.memory import limit_memory, too_much
from ...processes.wire import HEADER, MOST_BYTES, Message, pack, unpack


def main() -> None:
    """Be a worker, in an interpreter of its own."""
    lifeline, audio, spawned_by_main_thread = (int(word) for word in sys.argv[1:4])
    die_with_the_host(lifeline, spawned_by_main_thread=bool(spawned_by_main_thread))
    work(lifeline, audio, float(sys.argv[4]))


def work(lifeline: int, audio: int, memory_limit_gb: float) -> NoReturn:
    """Serve one plugin until the host hangs up.

    Parameters
    ----------
    lifeline, audio
        Descriptors: the end of the lifeline, and the memory for audio.
    memory_limit_gb
        Memory this process may have.
    """
    _watch(lifeline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host, which then ends this process
    leave_no_core_file()
    limit_memory(memory_limit_gb)
    answers = os.dup(1)
    os.dup2(2, 1)
    _serve(audio, answers, memory_limit_gb)


def _watch(lifeline: int) -> None:
    """Do the same in a thread: for systems whose kernel does not."""

    def wait() -> None:
        os.read(lifeline, 1)
        os.killpg(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _serve(audio_descriptor: int, answers: int, memory_limit_gb: float) -> NoReturn:
    """Answer one command after another, until the host hangs up."""
    from ...processes.shared_audio import SharedAudio  # noqa: PLC0415
    from .desk import Desk  # noqa: PLC0415 - heavy; the lifeline comes first

    desk = Desk()
    audio: SharedAudio | None = None
    while True:
        size, attached = HEADER.unpack(_read(HEADER.size))
        try:
            if not size and audio:
                for block in range(int(audio.counts[0])):
                    audio.from_plugin[block] = desk.play(audio.to_plugin[block])
                    audio.counts[1] = block + 1
                os.write(answers, HEADER.pack(0, 0))
                continue
            (command, *arguments), attachment = unpack(_read(size), _read(attached))
            if command == "show_editor":
                desk.show_editor(_Called())
                result = Message(None)
            else:
                result = desk.run(command, arguments, attachment)
            if command == "prepare":
                channels, block_size = arguments[-2:]
                audio = SharedAudio(audio_descriptor, channels, block_size, create=False)
            answer = Message({"result": result.content}, result.attachment)
        except PluginError as error:
            answer = Message({"error": str(error)})
        except MemoryError:
            answer = Message({"error": too_much(memory_limit_gb)})
        except Exception as error:  # pedalboard's own, whatever it is
            answer = Message({"error": f"failed: {type(error).__name__}: {error}"})
        _write(answers, pack(answer))


class _Called:
    """An event that is set when the host says anything."""

    def is_set(self) -> bool:
        import select  # noqa: PLC0415

        return bool(select.select([0], [], [], 0)[0])


def _read(count: int) -> bytes:
    if count > MOST_BYTES:
        os._exit(2)
    data = b""
    while len(data) < count:
        part = os.read(0, count - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    main()
