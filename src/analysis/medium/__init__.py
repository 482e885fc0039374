"""What a recording was kept on: how it turned, and which medium its traits speak of."""
