"""What runs beside the screens: imports ahead, slices of work, type-ahead, crash log."""
