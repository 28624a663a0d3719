"""`Httpx2Transport`: an httpx2 client of this process reaches a sandbox without sockets.

Imported by users of httpx2 only: the library is not the product's.
"""

import anyio.to_thread
import httpx2

from ..client.sandbox import Sandbox
from ..client.transport import Lost, Wsgi

__all__ = ["Httpx2Transport"]

_ERRORS = {
    "reset": httpx2.ReadError,
    "closed": httpx2.RemoteProtocolError,
    "cut": httpx2.RemoteProtocolError,
    "timeout": httpx2.ReadTimeout,
}


class Httpx2Transport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Send every request, to any host, to the server of an in-process sandbox.

        client = httpx2.Client(transport=Httpx2Transport(sandbox))

    An `AsyncClient` takes it too; its calls are answered in threads, as a server answers them.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = sandbox.wsgi

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the server's answer, or raise the error that a planned fault causes.

        A read timeout is compared with the seconds that a fault holds the answer back; it passes no
        real time.
        """
        timeout = request.extensions.get("timeout", {}).get("read")
        try:
            status, headers, content = Wsgi(
                self._app, f"{request.url.scheme}://127.0.0.1", timeout
            ).send(
                request.method,
                request.url.raw_path.decode("ascii"),
                request.read(),
                request.headers,
            )
        except Lost as lost:
            raise _ERRORS[lost.how](str(lost), request=request) from None
        return httpx2.Response(status, headers=headers, content=content)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the server's answer, while other tasks go on."""
        await request.aread()
        return await anyio.to_thread.run_sync(self.handle_request, request)
