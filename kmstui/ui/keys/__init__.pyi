from .multi_region import undo_primary as undo_primary
