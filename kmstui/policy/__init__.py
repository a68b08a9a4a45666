"""Key policies: text to document, findings, decisions and differences. Standard library only."""
