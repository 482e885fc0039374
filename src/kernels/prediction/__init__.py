"""Linear prediction: models, what they cannot predict, and gaps filled by them."""
