"""Run the HTTP server in daemon threads of this process.

One thread runs an asyncio event loop: it accepts, reads and writes every connection, and answers
calls of the gateway, which take a tenth of a millisecond.  Nothing in it may wait: what may take
long (the Flask app with the control API, large bodies, calls while a sandbox is at work) runs in a
bounded pool of workers, and what a planned fault holds back is a timer.

    server.py          limits of connections and memory, start and stop
    listening_socket.py  the port, and how many connections it may have
    connection.py      one connection: states, deadlines, replies in their order
    tls_transport.py   TLS between the socket and a connection
    request_reader.py  the bytes of one connection to requests, without sockets
    request_parser.py  heads and chunks; connection_memory.py bounds what all connections keep
    doors.py           which requests go where
    worker_lanes.py    which work waits for which threads; worker_pool.py has the threads
    wsgi_bridge.py     calls the Flask app in a worker
    disturbed_reply.py replies that a planned fault delays, cuts or loses

A server under Flask would be a thread for each client that speaks, and every client that stops
halfway would hold one.  Why none of the well-kept asynchronous servers is used:
benchmarks/README.md.
"""

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from typing import Any

from ..gateway.app import Answer
from ..world.real_clock import monotonic_seconds
from .connection import Connection
from .connection_memory import ConnectionMemory
from .doors import AppDoor, GatewayDoor
from .event_loop import EventLoop
from .interfaces import Door, ExtraPort, HostedConnection, NoExtraPort
from .listening_socket import CannotStart, max_connections, open_listener
from .request_parser import RequestHead
from .tls import TLS_TO_PLAIN_PORT, make_tls_context
from .tls_transport import TlsTransport
from .worker_lanes import WorkerLanes
from .wsgi_bridge import ServerAddress, WsgiApp

__all__ = ["CannotStart", "Embedded"]

INTERRUPT_SECONDS = 0.2  # after which a stop interrupts what is at work
REFUSE_SECONDS = 0.28  # after which it answers for what cannot be interrupted
STOP_SECONDS = 0.32  # after which clients that do not read are left
MAX_BUFFERED_BYTES = 256 * 1024 * 1024  # of all unfinished requests together
MAX_UNREAD_BYTES = 256 * 1024 * 1024  # of all replies together that clients do not read
_END_SECONDS = 0.04  # in which threads that have nothing to do end
_SWEEP_SECONDS = 0.5
_TLS_REPORT_SECONDS = 60.0
_RETRY_SECONDS = 0.1
_ACCEPTS_AT_ONCE = 64
_TURNS_TO_READ = 4  # of the loop, in which a new connection is set up and read
_OUT_OF_SOMETHING = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Embedded:
    """An HTTP server in daemon threads: `start` opens the port, `stop` frees it.

    `answer`, if given, answers the gateway's paths directly, also below `url_prefix`; all other
    requests go to the WSGI `app`. `tmc` is the message channel's port, if there is one.  `report`
    gets one line when the server is out of something.
    """

    def __init__(
        self,
        app: WsgiApp,
        host: str,
        port: int,
        tls: tuple[str, str] | None = None,
        *,
        answer: Answer | None = None,
        tmc: ExtraPort | None = None,
        public_url: str = "",
        url_prefix: str = "",
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._host = host
        self.port = port
        self._tls = tls
        self._report = report
        self._app = app
        self._extra: ExtraPort = tmc or NoExtraPort()
        self._lanes = WorkerLanes(report)
        self._gateway_door: GatewayDoor | None = None
        if answer is not None:
            self._gateway_door = GatewayDoor(
                answer, self._lanes, public_url, self._call_in_loop, url_prefix=url_prefix
            )
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port under which this machine reaches it; no slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(self._host, self._host)  # noqa: S104
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def start(self) -> None:
        """Open the port and serve.

        Raises:
            CannotStart: the address is taken or not ours, or the certificate cannot be read.
        """
        context: ssl.SSLContext | None = None
        if self._tls:
            try:
                context = make_tls_context(*self._tls)
            except (OSError, ValueError) as error:
                raise CannotStart(
                    f"证书 {self._tls[0]} 或私钥 {self._tls[1]} 不能用(TLS)：{error}",
                    f"TLS certificate or key cannot be used: {error}",
                ) from None
        self._extra.open()
        try:
            self._listener = open_listener(self._host, self.port)
        except (OSError, OverflowError) as error:
            self._extra.close()
            raise CannotStart(
                f"无法监听 {self._host}:{self.port}：{error}；换一个地址或端口，或用 --port 0",
                f"cannot listen on {self._host}:{self.port}: {error};"
                " take another address or port, or --port 0",
            ) from None
        self.port = int(self._listener.getsockname()[1])
        self._loop = EventLoop()
        scheme = "https" if self._tls else "http"
        if self._gateway_door is not None:
            self._gateway_door.scheme = scheme
            self._gateway_door.host = self._host
            self._gateway_door.port = str(self.port)
        app_door = AppDoor(
            self._app, self._lanes, ServerAddress(scheme, self._host, self.port), self._call_in_loop
        )
        self._listening = _Listening(
            self._loop, self._listener, context, self._gateway_door, app_door, self._report
        )
        self._context = context
        self._listening.interrupt_work = self._lanes.interrupt
        self._thread = threading.Thread(target=self._run, name="mockserver", daemon=True)
        try:
            self._thread.start()
        except (RuntimeError, MemoryError) as error:
            self._thread = None
            self._loop.close()
            self._listener.close()
            raise CannotStart(
                f"开不了线程：{error}；检查内存与进程数的限制",
                f"cannot start a thread: {error}; look at the limits of memory and processes",
            ) from None

    def stop(self) -> None:
        """Answer every request that has come, end the threads, free the port; idempotent.

        Within half a second: longer work is interrupted and answered with 503 or error 10.
        """
        began = monotonic_seconds()
        if self._thread is not None and self._thread.is_alive():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._extra.stop)
                self._loop.call_soon_threadsafe(self._listening.begin_stop, began)
            self._thread.join(STOP_SECONDS + _END_SECONDS)
            self._lanes.stop(_END_SECONDS)
        if self._listener is not None:  # in a forked child this frees the child's copy only
            self._listener.close()
        self._extra.close()

    def _run(self) -> None:
        self._listening.begin()
        self._extra.begin(self._loop, self._context)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._listening.drain())
        finally:
            self._loop.close()

    def _call_in_loop(self, function: Callable[..., Any], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits for this reply any more
            self._loop.call_soon_threadsafe(function, *arguments)


class _Listening:
    """The listening socket and its connections; lives in the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        context: ssl.SSLContext | None,
        gateway_door: GatewayDoor | None,
        app_door: AppDoor,
        report: Callable[[str], None],
    ) -> None:
        self.loop = loop
        self.stopping = False
        self._listener = listener
        self._context = context
        self._gateway_door = gateway_door
        self._app_door = app_door
        self._report = report
        self._connections: dict[HostedConnection, None] = {}  # in the order of their arrival
        self._memory = ConnectionMemory(MAX_BUFFERED_BYTES, lambda one: one.make_room())
        self._replies = ConnectionMemory(MAX_UNREAD_BYTES, lambda one: one.drop_reply())
        self._limit = max_connections()
        self._accepting: set[asyncio.Task[None]] = set()
        self._tls_reported = -_TLS_REPORT_SECONDS
        self._out = self._sweeping = self._idle_closed = self._loop_stopped = False
        self._date = (0, "")
        self.interrupt_work: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Accept connections."""
        self.loop.set_exception_handler(lambda loop, context: None)  # a client's fault is no news
        self.loop.add_reader(self._listener, self._accept)

    # --- ConnectionHost

    def door_of(self, head: RequestHead) -> Door:
        gateway = self._gateway_door
        if gateway is not None and (
            head.path in gateway.paths
            or head.verb == "CONNECT"
            or head.decoded_path.rstrip("/") in gateway.paths
        ):
            return gateway
        return self._app_door

    def date(self) -> str:
        now = int(self.loop.time())
        if self._date[0] != now:
            self._date = (now, formatdate(usegmt=True))
        return self._date[1]

    def add(self, connection: HostedConnection) -> None:
        self._connections[connection] = None
        if not self._sweeping:
            self._sweeping = True
            self.loop.call_later(_SWEEP_SECONDS, self._sweep)

    def remove(self, connection: HostedConnection) -> None:
        self._connections.pop(connection, None)
        self._memory.forget(connection)
        self._replies.forget(connection)
        if self._idle_closed and not self._connections:
            self._stop_loop()

    def buffer(self, connection: HostedConnection, size: int) -> None:
        self._memory.note(connection, size)

    def hold_reply(self, connection: HostedConnection, size: int) -> None:
        self._replies.note(connection, size)

    def report_tls(self) -> None:
        now = self.loop.time()
        if now >= self._tls_reported + _TLS_REPORT_SECONDS:
            self._tls_reported = now
            self._report(TLS_TO_PLAIN_PORT)

    # --- accepting

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_AT_ONCE):
            if len(self._connections) + len(self._accepting) >= self._limit:
                self._pause_accepting(f"{self._limit}")
                return
            try:
                client, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _OUT_OF_SOMETHING:
                    self._pause_accepting(error.strerror or str(error))
                return
            task = self.loop.create_task(self._open(client))
            self._accepting.add(task)
            task.add_done_callback(partial(self._forget_task, client))

    async def _open(self, client: socket.socket) -> None:
        try:
            client.setblocking(False)
            if client.family != getattr(socket, "AF_UNIX", None):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self.loop.connect_accepted_socket(self._make_protocol, client)
        except OSError:  # it has gone
            client.close()

    def _make_protocol(self) -> asyncio.Protocol:
        if self._context is None:
            return Connection(self)
        return TlsTransport(self, self._context, partial(Connection, self))

    def _forget_task(self, client: socket.socket, task: asyncio.Task[None]) -> None:
        self._accepting.discard(task)
        if task.cancelled():  # by a stop, perhaps before its first step
            client.close()

    def _pause_accepting(self, limit: str) -> None:
        """Close an idle connection, and go on when its file is free; say once which limit it is."""
        if not self._out:
            self._out = True
            self._report(
                f"连接数或文件数到了上限（{limit}），空闲连接被关闭，服务继续"
                f" (out of files or connections: {limit}; idle connections are closed, going on)"
            )
        has_room = self._make_room()
        self.loop.remove_reader(self._listener)
        self.loop.call_later(0.0 if has_room else _RETRY_SECONDS, self._resume_accepting)

    def _resume_accepting(self) -> None:
        if not self.stopping:
            self.loop.add_reader(self._listener, self._accept)
            self._accept()

    def _make_room(self) -> bool:
        """Close the connection whose deadline is nearest: idle for longest, or slowest."""
        victim = min(self._connections, key=lambda one: one.deadline, default=None)
        if victim is None or victim.deadline == float("inf"):
            return False
        victim.abort()
        return True

    def _sweep(self) -> None:
        """Let every connection whose deadline has passed do what is due."""
        now = self.loop.time()
        for connection in [one for one in self._connections if one.deadline <= now]:
            connection.expire()
        if len(self._connections) < self._limit // 2:
            self._out = False
        self._sweeping = bool(self._connections)
        if self._sweeping:
            self.loop.call_later(_SWEEP_SECONDS, self._sweep)

    # --- stopping

    def begin_stop(self, began: float) -> None:
        """Accept nothing more, answer every request that has come, then end the loop.

        `began`, in the loop's time, is when the stop was asked for: a busy loop hears of it late.
        """
        if self.stopping:
            return
        self.stopping = True
        self._accept()  # who has connected already may have sent a request
        self.loop.remove_reader(self._listener)
        self._listener.close()
        if not self._connections and not self._accepting:
            self._stop_loop()
            return
        self.loop.call_at(began + INTERRUPT_SECONDS, self.interrupt_work)
        self.loop.call_at(began + REFUSE_SECONDS, self._refuse_unfinished)
        self.loop.call_at(began + STOP_SECONDS, self._end)
        self._after_turns(_TURNS_TO_READ, self._close_idle)

    def _after_turns(self, turns: int, work: Callable[[], None]) -> None:
        """Run `work` after the loop has looked at all sockets this many times."""
        if turns:
            self.loop.call_soon(self._after_turns, turns - 1, work)
        else:
            work()

    def _close_idle(self) -> None:
        """Close the connections on which no request has come."""
        self._idle_closed = True
        for task in tuple(self._accepting):
            task.cancel()
        for connection in tuple(self._connections):
            connection.begin_stop()
        if not self._connections:
            self._stop_loop()

    def _refuse_unfinished(self) -> None:
        for connection in tuple(self._connections):
            connection.refuse_at_stop()

    async def drain(self) -> None:
        """Let what has been closed or cancelled end, so that no transport is left open."""
        if self._accepting:
            await asyncio.wait(self._accepting)
        for _ in range(2):  # the turns of the loop in which transports close
            await asyncio.sleep(0)

    def _end(self) -> None:
        for connection in tuple(self._connections):
            connection.abort()
        self._stop_loop()

    def _stop_loop(self) -> None:
        """End `run_forever`, once: connections that end later must not end `drain`."""
        if not self._loop_stopped:
            self._loop_stopped = True
            self.loop.call_soon(self.loop.stop)
