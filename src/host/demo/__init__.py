"""A worn disc made up, restored before your eyes; and the same used to warm up."""
