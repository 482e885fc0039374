"""Parameters: declared once on a class, everything else derived; one kind a file."""
