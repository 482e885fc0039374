"""What the carrier and the file did: band, coding, clipping, word length, channels, silences."""
