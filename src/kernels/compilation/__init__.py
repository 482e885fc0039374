"""How kernels are compiled, and where the code is kept."""
