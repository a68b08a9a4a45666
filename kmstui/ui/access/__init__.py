"""Who can do what with a key: the table, the reasoning, the what-if line, and one role's view."""
