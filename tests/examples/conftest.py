"""The example clients, imported as users import them from their folder."""

import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "isv_client"


@pytest.fixture(scope="session")
def example() -> Path:
    """The example's folder."""
    return EXAMPLE


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The correct client and the three with bugs, by class name."""
    for name in ("client", "buggy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(EXAMPLE))
    import buggy

    return {kind.__name__: kind for kind in (buggy.IsvClient, *buggy.IsvClient.__subclasses__())}
