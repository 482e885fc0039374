"""``python -m wavemend``: the command line."""

from .host.cli.main import main

main()
