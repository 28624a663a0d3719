"""The machine-readable API reference, which the declarations are compared with."""

from pathlib import Path

import pytest
import yaml

VECTORS = Path(__file__).parents[2] / "docs" / "spec" / "exchange-api.yaml"
NEIGHBOURS = VECTORS.with_name("neighbours.yaml")


@pytest.fixture(scope="session")
def reference() -> dict:
    """The whole reference as data."""
    return yaml.load(VECTORS.read_text("utf-8"), yaml.CSafeLoader)


@pytest.fixture(scope="session")
def neighbours() -> dict:
    """The methods beside the eleven by name: parameters, reply, types, sessions."""
    methods = yaml.load(NEIGHBOURS.read_text("utf-8"), yaml.CSafeLoader)
    return {entry["method"]: entry for entry in methods if "method" in entry}
