"""Routes of the server itself: health, readiness, version."""

from typing import Any

from ..service.route_replies import HealthDocument, ReadyDocument, VersionDocument
from ..version import __version__
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


def _health(request: ControlRequest) -> tuple[int, Any]:
    return 200, {"status": "ok"}


def _ready(request: ControlRequest) -> tuple[int, Any]:
    return 200, {"ready": True}


def _version(request: ControlRequest) -> tuple[int, Any]:
    return 200, {
        "name": "tmall-mockserver",
        "version": __version__,
        "auth": "lax" if request.context.lax else "strict",
    }


ROUTES: tuple[Route, ...] = (
    Route("GET", "/_sandbox/health", _health, "存活", "alive", open=True, reply=HealthDocument),
    Route("GET", "/_sandbox/ready", _ready, "就绪", "ready", open=True, reply=ReadyDocument),
    Route(
        "GET", "/_sandbox/version", _version, "版本", "version", open=True, reply=VersionDocument
    ),
)
