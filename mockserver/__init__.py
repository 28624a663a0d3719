"""A local, stateful mock of the Taobao Open Platform gateway for Tmall goods exchange (天猫换货).

The public names load on first use, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .testing.client import TopClient
    from .testing.local import Server
    from .testing.sandbox import Sandbox

__all__ = ["Sandbox", "Server", "TopClient", "__version__"]

_HOMES = {"Sandbox": "sandbox", "Server": "local", "TopClient": "client"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mockserver' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".testing.{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
