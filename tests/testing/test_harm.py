"""Quotas by their handle, in process and over HTTP.  Source: interfaces.md, protocol page 6."""

from collections.abc import Iterator

import pytest

from mockserver import Sandbox, Server, TopClient
from mockserver.testing.client import TopRefused


@pytest.fixture(params=["in process", "over HTTP"])
def sandbox(request) -> Iterator[Sandbox]:
    """A sandbox without sockets, and one of a running server."""
    if request.param == "in process":
        yield Sandbox()
        return
    with Server() as server:
        yield server.sandbox()


def code(top: TopClient) -> int:
    """The code of a call's refusal; 0 where it passes."""
    try:
        top.call("taobao.time.get")
    except TopRefused as refused:
        return refused.code
    return 0


def test_quotas_are_added_listed_and_cleared(sandbox: Sandbox) -> None:
    """Each quota added limits beside those before it; cleared, nothing is limited."""
    top = sandbox.client()
    sandbox.quotas.add(per="day", limit=3)
    sandbox.quotas.add(per="day", limit=2, method="taobao.time.get", sub_code="accesscontrol.limited-by-dynamic-access-count")
    assert [quota["limit"] for quota in sandbox.quotas] == [3, 2]
    assert [code(top) for _ in range(4)] == [0, 0, 7, 7]
    sandbox.quotas.clear()
    assert list(sandbox.quotas) == []
    assert code(top) == 0
