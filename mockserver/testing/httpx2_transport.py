"""`Httpx2Transport`: an httpx2 client of this process reaches a sandbox without sockets.

Imported by users of httpx2 only: the library is not the product's.
"""

from typing import cast

import anyio.to_thread
import httpx2

from ..client.sandbox import Sandbox
from .httpx_requests import answer_request

__all__ = ["Httpx2Transport"]


class Httpx2Transport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Send every request, to any host, to the server of an in-process sandbox.

        client = httpx2.Client(transport=Httpx2Transport(sandbox))

    An `AsyncClient` takes it too; its calls are answered in threads, as a server answers them.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = sandbox.wsgi

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the server's answer, or raise the error that a planned fault causes."""
        return cast("httpx2.Response", answer_request(httpx2, self._app, request))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the server's answer, while other tasks go on."""
        await request.aread()
        return await anyio.to_thread.run_sync(self.handle_request, request)
