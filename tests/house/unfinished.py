"""Modules whose words are still to be changed.

Nothing is added here, and a module that is done goes.
"""

OLD_NAMES: set[str] = {
    "mockserver.server",
    "mockserver.world.directory",
    "mockserver.world.transitions",
    "mockserver.world.world",
}
OLD_DOCSTRINGS: set[str] = {
    "mockserver.server",
    "mockserver.world.directory",
    "mockserver.world.transitions",
}
NESTED_CONDITIONALS: set[str] = {}
CIRCLES: list[list[str]] = [["mockserver.world.unit_of_work", "mockserver.world.world"]]
