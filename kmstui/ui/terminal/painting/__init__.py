"""What a frame sends to the terminal: no more than differs from what stands there already."""
