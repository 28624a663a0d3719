"""Routes of coverage: what a sandbox's clients have reached of the state machine."""

from typing import Any

from ..service.reply_documents import CoverageDocument
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


def _coverage(request: ControlRequest) -> tuple[int, Any]:
    return 200, request.world.coverage.serialize()


def _clear(request: ControlRequest) -> tuple[int, Any]:
    request.world.clear_coverage()
    return 204, None


_C = "/_sandbox/sandboxes/{id}/coverage"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _C,
        _coverage,
        "状态机覆盖：至今遇到的状态、规则行、拒绝、时限、错误码",
        "what was met of the state machine so far",
        reply=CoverageDocument,
    ),
    Route("DELETE", _C, _clear, "覆盖清零", "nothing has been met", status=204),
)
