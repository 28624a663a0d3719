"""A local, stateful mock of the Taobao Open Platform gateway for Tmall goods exchange (天猫换货).

The public names load on first use, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .client.sandbox import Sandbox
    from .client.server import Server
    from .client.top_client import TopClient

__all__ = ["Sandbox", "Server", "TopClient", "__version__"]

_HOMES = {"Sandbox": "sandbox", "Server": "server", "TopClient": "top_client"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mockserver' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".client.{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
