"""Effects in other people's hosts, each in an environment of its own: ``make test-hosts``."""
