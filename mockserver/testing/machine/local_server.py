"""The server of a machine's sandboxes, and the gateway calls that each step makes."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from ...client.control_client import LocalControl
from ...client.sandbox import Sandbox
from ...control.in_process import InProcessControl, in_process_target
from ...control.scenario_target import SandboxTarget
from ...domain.table_index import SHIPPED_TABLE, TableIndex
from ...embedded.server import Embedded
from ...gateway.batch import BatchGateway, is_batch
from ...gateway.call import Call, read_call
from ...gateway.checks import SandboxLookup
from ...protocol.messages import Inbound, Reply
from ...server import create_app, make_context, report
from ...world.document import read_world
from ...world.faults.fault_matching import Fault, FaultMatch
from ...world.journal import Entry
from ...world.real_clock import monotonic_seconds
from ...world.view import WorldView
from ...world.world import World
from .machine_options import MachineOptions

__all__ = ["LocalServer", "RecordedCall", "read_body"]

_REQUEST_ID_HEADER = "X-Sandbox-Request-Id"


class RecordedCall(Struct, frozen=True):
    """One call as it came, its reply, and its journal entry if it was refused or failed.

    `call` is the call with its texts and files read, `disturbed_by` the planned fault that
    disturbed it.  `first_event` and `last_event` are the numbers of the sandbox's newest event
    before and after it, `began` and `ended` its real time as `monotonic_seconds()` counts.
    """

    inbound: Inbound
    reply: Reply
    request_id: str  # under which the journal has the call
    call: Call
    failure: Entry | None
    disturbed_by: Fault | None = None
    first_event: int = 0
    last_event: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def is_reply_lost(self) -> bool:
        """True if a planned fault kept the reply from the caller."""
        return self.reply.delivery is not None and bool(self.reply.delivery.loss)


def read_body(call: RecordedCall) -> str:
    """Return the text of the reply, as a client reads it."""
    body = call.reply.body
    if ("Content-Encoding", "gzip") in call.reply.headers:
        body = gzip.decompress(body)
    return body.decode("utf-8", "replace")


class RecordingGateway(BatchGateway):
    """A gateway that can record the calls it gets."""

    def __init__(self, lookup: SandboxLookup) -> None:
        super().__init__(lookup, self._keep_failure)
        self._calls: list[RecordedCall] | None = None
        self._view: WorldView | None = None  # of the sandbox whose calls are recorded
        self._failures: dict[str, Entry] = {}  # by request id
        self._faults: dict[str, Fault] = {}  # by request id

    def answer(self, inbound: Inbound) -> Reply:
        """Answer a call, and record it between `record()` and its end; of a batch each call."""
        if is_batch(inbound):
            return super().answer(inbound)
        began = monotonic_seconds()
        first_event = self._view.last_event if self._view is not None else 0
        reply = super().answer(inbound)
        if self._calls is not None and self._view is not None:
            request_id = dict(reply.headers)[_REQUEST_ID_HEADER]
            self._calls.append(
                RecordedCall(
                    inbound,
                    reply,
                    request_id,
                    read_call(inbound, request_id),
                    self._failures.pop(request_id, None),
                    self._faults.pop(request_id, None),
                    first_event,
                    self._view.last_event,
                    began,
                    monotonic_seconds(),
                )
            )
        return reply

    def _disturb(self, call: Call, fault: FaultMatch, text: str) -> Reply:
        reply = super()._disturb(call, fault, text)
        if self._calls is not None:
            self._faults[dict(reply.headers)[_REQUEST_ID_HEADER]] = fault.fault
        return reply

    @contextmanager
    def record(self, view: WorldView) -> Iterator[list[RecordedCall]]:
        """Give a list that fills with the calls from here on, in the order of their replies.

        `view` shows the sandbox that is called.
        """
        calls: list[RecordedCall] = []
        self._calls = calls
        self._view = view
        try:
            yield calls
        finally:
            self._calls = None
            self._view = None
            self._failures.clear()
            self._faults.clear()

    def _keep_failure(self, entry: Entry) -> None:
        if self._calls is not None:
            self._failures[entry.request_id] = entry


class LocalServer:
    """One server on a free port for all runs of a machine; it starts with the first sandbox."""

    def __init__(self, table: TableIndex = SHIPPED_TABLE) -> None:
        context = make_context(table=table)
        self.gateway = RecordingGateway(SandboxLookup(context.directory))
        self._context = replace(
            context, answer=self.gateway.answer, unassigned_calls=self.gateway.journal
        )
        self._app = create_app(self._context, report)
        self._server: Embedded | None = None

    def open(self, options: MachineOptions) -> tuple[World, Sandbox, SandboxTarget]:
        """Make a sandbox.

        Return its world, the handle for the client, and the target for the machine's steps.
        """
        if self._server is None:
            self._server = Embedded(self._app, "127.0.0.1", 0, answer=self.gateway.answer)
            self._server.start()
        world = World(self._context.directory, read_world(options.document()))
        self._context.directory.add(world)
        control = InProcessControl(self._context, self._server.url)
        sandbox = Sandbox(control=LocalControl(control, self._app), attach=world.id)
        return world, sandbox, in_process_target(control, world.id)

    def close(self) -> None:
        """Stop the server; another sandbox starts it again."""
        server = self._server
        self._server = None
        if server is not None:
            server.stop()
