"""`Server`: a whole server in this process, for `with Server() as server: …`."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Self, Unpack

from msgspec.structs import replace

from ..control.in_process import InProcessControl
from ..embedded.server import CannotStart, Embedded
from ..server import create_app, make_context, quiet, report
from ..world.document import read_world
from ..world.journal import CAPACITY, Entry
from .arguments import WorldFields
from .control_client import Control, ControlClient, LocalControl
from .sandbox import Sandbox
from .transport import Http, Lifetime

if TYPE_CHECKING:
    from ..embedded.tmc_port import TmcPort

__all__ = ["Server"]


class Server:
    """A server of this process with its `default` sandbox, for `with Server() as server: …`.

    `document` has the keys of the world document; the default sandbox's clock runs from the real
    now.  With `tmc_port` (0 for a free one) it has a port of the message channel (TMC).  Behind a
    proxy all paths are also answered below `url_prefix`, e.g. `/mock`, and addresses handed out
    have it.  Webhooks post to this machine, and to `webhook_hosts`.  Sandboxes that are not used
    for `expire_after` are dropped.  `store` is the URL of a store that keeps all sandboxes
    (`sqlite:///mock.db`, `postgresql://…`).

    Raises:
        StoreUnavailable: the store cannot be used.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "",
        auth: str = "strict",
        document: dict[str, object] | None = None,
        public_url: str = "",
        tmc_port: int | None = None,
        url_prefix: str = "",
        expire_after: timedelta | None = None,
        tls: tuple[str, str] | None = None,
        hosts: tuple[str, ...] = (),
        webhook_hosts: tuple[str, ...] = (),
        journal: int = CAPACITY,
        store: str = "",
        refused: Callable[[Entry], None] = quiet,
        report: Callable[[str], None] = report,
    ) -> None:
        world = read_world({"clock": {"mode": "running"}, **(document or {})})
        self.context = make_context(
            document=world,
            token=token,
            lax=auth == "lax",
            journal=journal,
            public_url=public_url,
            url_prefix=url_prefix,
            expire_after=expire_after,
            hosts=(host, *hosts),
            webhook_hosts=webhook_hosts,
            refused=refused,
            store=store,
        )
        tmc = None if tmc_port is None else self._make_tmc_port(host, tmc_port)
        self._app = create_app(self.context, report)
        self._embedded = Embedded(
            self._app,
            host,
            port,
            tls,
            answer=self.context.answer,
            tmc=tmc,
            public_url=self.context.public_url,
            url_prefix=url_prefix,
            report=report,
        )
        self._stopped = False
        self._lifetime = Lifetime()
        self._lifetime.running = False
        self._http = Http("http://127.0.0.1", lifetime=self._lifetime)  # refuses until the start

    def _make_tmc_port(self, host: str, port: int) -> "TmcPort":
        """Return the port of the message channel, not yet open; what it needs is imported now."""
        from ..embedded.tmc_port import TmcPort
        from ..push.session import PushDoor

        context = self.context
        door = PushDoor(
            context.directory,
            context.unassigned_calls,
            context.number_call,
            "default" if context.lax else "",
        )
        tmc = TmcPort(door, host, port)
        self.context = replace(context, tmc_port=lambda: tmc.port)
        return tmc

    @property
    def url(self) -> str:
        """Scheme, host and port on this machine; addresses handed out may follow `public_url`."""
        return self._embedded.url

    @property
    def token(self) -> str:
        """The control API's token."""
        return self.context.token

    def make_console_link(self) -> str:
        """Return a link that signs one browser in to the console, once; it is stored nowhere."""
        code = self.context.console.make_code()
        address = self.context.public_url or f"{self.url}{self.context.url_prefix}"
        return f"{address}/console/enter?code={code}"

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._embedded.port

    def start(self) -> Self:
        """Open the port; the data is seeded already.

        Raises:
            CannotStart: the address is taken, or the server has been stopped: it does not start
                again.
        """
        if self._stopped:
            raise CannotStart(
                "这个 Server 已经停止，不能再启动；请新建一个 Server()",
                "this server has been stopped and does not start again; make a new Server()",
            )
        self._embedded.start()
        self._lifetime = Lifetime()
        self._http = Http(self._embedded.url, lifetime=self._lifetime)
        return self

    def stop(self) -> None:
        """Stop all threads and free the port, for good.  Idempotent."""
        self._stopped = True
        self._lifetime.running = False
        self.context.close()
        self._http.close()
        self._embedded.stop()
        self.context.close_store()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def sandbox(
        self, *, direct: bool = False, attach: str = "", **document: Unpack[WorldFields]
    ) -> Sandbox:
        """Make a sandbox of this server and return its handle; `attach` names one that exists.

        `attach="default"` is the one made at start.  With `direct` the handle and its own client
        use no socket; the gateway's address is the server's all the same.

        Raises:
            ControlRefused: the document cannot be.
            ServerStopped: the server does not run.
        """
        control: ControlClient = Control(self._http, self.token)
        if direct:
            local = InProcessControl(self.context, self.url)
            control = LocalControl(local, self._app, self._lifetime)
        return Sandbox(control=control, attach=attach, **document)
