"""The server that a machine's sandboxes stand on, and what its gateway hears while a step is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from ...client.control_client import LocalControl
from ...client.sandbox import Sandbox
from ...control.in_process import InProcessControl, in_process_target
from ...control.scenario_target import SandboxTarget
from ...embedded.server import Embedded
from ...gateway.call import Call, read_call
from ...gateway.checks import SandboxLookup
from ...gateway.pipeline import Gateway
from ...protocol.messages import Inbound, Reply
from ...server import create_app, make_context, report
from ...world.document import read_world
from ...world.journal import Entry
from ...world.world import World
from .machine_options import MachineOptions

__all__ = ["LocalServer", "RecordedCall"]


class RecordedCall(Struct, frozen=True):
    """One call as it came, its answer, and what the journal says of it where it was refused or failed."""

    inbound: Inbound
    reply: Reply
    trouble: Entry | None

    @property
    def request_id(self) -> str:
        """The id under which the journal has it."""
        return dict(self.reply.headers)["X-Sandbox-Request-Id"]

    @property
    def lost(self) -> bool:
        """Whether a planned fault kept the answer from its caller."""
        return self.reply.delivery is not None and bool(self.reply.delivery.loss)

    @property
    def call(self) -> Call:
        """The call read: texts and files."""
        return read_call(self.inbound, self.request_id)


class _Tap(Gateway):
    """A gateway that keeps what it hears while somebody listens."""

    def __init__(self, rules: SandboxLookup) -> None:
        super().__init__(rules, self._note)
        self._heard: list[RecordedCall] | None = None
        self._troubles: dict[str, Entry] = {}

    def answer(self, inbound: Inbound) -> Reply:
        """The gateway's answer."""
        reply = super().answer(inbound)
        if self._heard is not None:
            request_id = dict(reply.headers)["X-Sandbox-Request-Id"]
            self._heard.append(RecordedCall(inbound, reply, self._troubles.pop(request_id, None)))
        return reply

    @contextmanager
    def listening(self) -> Iterator[list[RecordedCall]]:
        """What is called from here on is in the list, in the order of the answers."""
        heard: list[RecordedCall] = []
        self._heard = heard
        try:
            yield heard
        finally:
            self._heard = None
            self._troubles.clear()

    def _note(self, entry: Entry) -> None:
        if self._heard is not None:
            self._troubles[entry.request_id] = entry


class LocalServer:
    """One server on a free port for all runs of a machine; it starts with the first sandbox."""

    def __init__(self) -> None:
        desk = make_context()
        self.tap = _Tap(SandboxLookup(desk.directory))
        self._desk = replace(desk, answer=self.tap.answer, unassigned_calls=self.tap.journal)
        self._app = create_app(self._desk, report)
        self._server: Embedded | None = None

    def open(self, plan: MachineOptions) -> tuple[World, Sandbox, SandboxTarget]:
        """A fresh world with the handle that its client gets, and the stage that the machine plays on."""
        if self._server is None:
            self._server = Embedded(self._app, "127.0.0.1", 0, answer=self.tap.answer)
            self._server.start()
        world = World(self._desk.directory, read_world(plan.document()))
        self._desk.directory.add(world)
        control = InProcessControl(self._desk, self._server.url)
        stage = in_process_target(control, world.id)
        return (world, Sandbox(control=LocalControl(control, self._app), attach=world.id), stage)

    def close(self) -> None:
        """No thread is left, the port is free; another sandbox opens it again."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
