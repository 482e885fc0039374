"""Two recordings beside each other: levels, spectra, floor, place and speed, difference."""
