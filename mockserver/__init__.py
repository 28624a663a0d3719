"""A local, stateful mock of the Taobao Open Platform gateway for Tmall goods exchange (天猫换货).

The public names load on first use, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .client.control_client import ControlRefused
    from .client.exchange import Exchange
    from .client.remote_server import RemoteServer
    from .client.sandbox import Sandbox
    from .client.server import Server
    from .client.top_client import TopClient, TopRefused

__all__ = [
    "ControlRefused",
    "Exchange",
    "RemoteServer",
    "Sandbox",
    "Server",
    "TopClient",
    "TopRefused",
    "__version__",
]

_MODULES = {
    "ControlRefused": "control_client",
    "Exchange": "exchange",
    "RemoteServer": "remote_server",
    "Sandbox": "sandbox",
    "Server": "server",
    "TopClient": "top_client",
    "TopRefused": "top_client",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'mockserver' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".client.{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
