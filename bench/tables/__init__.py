"""One table a file: `tables(plan)` yields it as markdown."""
