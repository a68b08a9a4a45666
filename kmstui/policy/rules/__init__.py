"""The rules of the linter, one module a family; importing the package registers them all."""
