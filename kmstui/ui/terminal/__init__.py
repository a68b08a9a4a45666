"""The terminal itself: input, signals, clipboard, painting."""
