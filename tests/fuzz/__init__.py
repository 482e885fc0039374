"""Mutated files through the command line: what strangers send never gives more than one clear line.

``python -m tests.fuzz KIND --count N --seed S`` (``make fuzz``) mutates N inputs of a kind and runs commands
over each in processes that are watched; a fault is a line that repeats it, and its files are kept. The tests
here do the same with few mutations. A kind is a `judge.Kind`; `kinds` lists them. Bad luck rather than bad
input is in `kills`: runs that are killed at any moment.
"""
