"""`HttpxTransport`: an httpx client of this process reaches a sandbox without sockets.

Imported by users of httpx only: the library is not the product's.
"""

from typing import cast

import anyio.to_thread
import httpx

from ..client.sandbox import Sandbox
from .httpx_requests import answer_request

__all__ = ["HttpxTransport"]


class HttpxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Send every request, to any host, to the server of an in-process sandbox.

        client = httpx.Client(transport=HttpxTransport(sandbox))

    An `AsyncClient` takes it too; its calls are answered in threads, as a server answers them.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = sandbox.wsgi

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the server's answer, or raise the error that a planned fault causes."""
        return cast("httpx.Response", answer_request(httpx, self._app, request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the server's answer, while other tasks go on."""
        await request.aread()
        return await anyio.to_thread.run_sync(self.handle_request, request)
