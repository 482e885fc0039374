"""Short-time spectra, their statistics and gains on them."""
