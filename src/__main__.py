"""``python -m wavemend``: the command line."""

from .host.cli import main

main()
