"""Settings of every test: what hypothesis draws is the same in every run, on every machine."""

import signal

from hypothesis import settings

settings.register_profile("wavemend", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("wavemend")

# A shell's background jobs ignore Ctrl-C, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
