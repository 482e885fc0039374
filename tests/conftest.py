"""Settings of every test: what hypothesis draws is the same in every run, on every machine."""

from hypothesis import settings

settings.register_profile("wavemend", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("wavemend")
