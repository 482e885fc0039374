"""What the table of throughput says of runs that were watched."""

import os

from bench.tables.throughput import Run, _peak_mb, _table, _workers


def test_the_table_compares_with_one_process():
    table = _table({1: Run(80.0, 300.0), 2: Run(40.0, 250.0)}, 40, 1.0)
    assert "| 1 | 1800 | 30.0 | 1.00 | 300 |" in table and "| 2 | 3600 | 60.0 | 2.00 | 250 |" in table


def test_the_kernel_says_how_much_a_process_took():
    assert _peak_mb(os.getpid()) > 10 and not _workers(os.getpid())
    assert _peak_mb(-1) == 0 and not _workers(-1)
