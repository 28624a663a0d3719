"""Modules whose words are still to be changed.

Nothing is added here, and a module that is done goes.
"""

OLD_NAMES: set[str] = set()
OLD_DOCSTRINGS: set[str] = set()
NESTED_CONDITIONALS: set[str] = set()
CIRCLES: list[list[str]] = []
