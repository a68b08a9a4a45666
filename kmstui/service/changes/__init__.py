"""One way for every change in AWS: written down, sent, read back, ended, and settled later."""
