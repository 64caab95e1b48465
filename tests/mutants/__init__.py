"""Mutation testing of the modules that move money: `python -m tests.mutants`."""
