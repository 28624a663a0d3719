"""`HttpxTransport`: an httpx client of this process reaches a sandbox without sockets.

Imported by users of httpx only: the library is not the product's.
"""

import anyio.to_thread
import httpx

from .sandbox import Sandbox
from .transport import Wsgi

__all__ = ["HttpxTransport"]


class HttpxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """`httpx.Client(transport=HttpxTransport(sandbox))`: every URL, of any host, is the in-process sandbox's server.

    An `AsyncClient` takes it too; its calls are answered in threads, as a server answers them.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = sandbox.wsgi

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The server's answer."""
        status, headers, content = Wsgi(self._app, request.url.scheme).send(
            request.method, request.url.raw_path.decode("ascii"), request.read(), request.headers
        )
        return httpx.Response(status, headers=headers, content=content)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The server's answer, while other tasks go on."""
        await request.aread()
        return await anyio.to_thread.run_sync(self.handle_request, request)
