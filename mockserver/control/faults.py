"""Routes about limits and planned harm: quotas."""

from typing import Any

from ..world.document import QuotaDocument
from .route import Ask, Route

__all__ = ["ROUTES"]


def _quotas(ask: Ask) -> tuple[int, Any]:
    return 200, [quota.document() for quota in ask.world.state.quotas]


def _put_quotas(ask: Ask) -> tuple[int, Any]:
    ask.world.set_quotas(ask.body)
    return _quotas(ask)


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_S}/quotas", _quotas, "调用配额，没有则不限", "quotas; none limits nothing"),
    Route("PUT", f"{_S}/quotas", _put_quotas, "设定全部调用配额，计数从零开始", "set all quotas; counts begin anew",
          body=tuple[QuotaDocument, ...]),
)
