"""Every name of Textual 8.2.8 that is not public and that the screens lean on, by subject."""
