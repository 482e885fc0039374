"""Pictures of the documentation, each made again by its script."""
