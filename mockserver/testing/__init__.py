"""What suites of clients use; `strategies` and `exchange_machine` load Hypothesis on first use."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import strategies
    from .machine.machine import exchange_machine

__all__ = ["exchange_machine", "strategies"]


_HOMES = {"exchange_machine": "machine.machine", "strategies": "strategies"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f".{_HOMES[name]}", __name__)
    except ModuleNotFoundError as missing:
        if missing.name != "hypothesis":
            raise
        raise ModuleNotFoundError(
            f"mockserver.testing.{name} 需要 Hypothesis：pip install "
            f"'tmall-mockserver[hypothesis]' (it needs Hypothesis, which that extra installs)",
            name="hypothesis",
        ) from None
    return module if name == "strategies" else getattr(module, name)
