"""Finding what is too sudden for the sound around it."""
