"""A preset over what comes in, to be heard at once."""
