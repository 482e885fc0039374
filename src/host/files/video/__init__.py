"""Films: their sound taken out, and put back beside the pictures as they were (PyAV, ``wavemend[video]``)."""
