"""The machine-readable API reference, which the declarations are compared with."""

from pathlib import Path

import pytest
import yaml

VECTORS = Path(__file__).parents[2] / "docs" / "spec" / "exchange-api.yaml"


@pytest.fixture(scope="session")
def reference() -> dict:
    """The whole reference as data."""
    return yaml.load(VECTORS.read_text("utf-8"), yaml.CSafeLoader)
