"""Values that every layer speaks of: frozen, slotted, standard library only."""
