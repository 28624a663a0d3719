"""A client in any language as the client of a state machine: a command that is let go for a round.

The command runs against the sandbox's gateway over HTTP.  Between rounds it is held (SIGSTOP), so
that what the machine does falls between two rounds; on Windows nothing is held.

When is a round over?  The client says so by a line on stdout or stderr that contains `round_line`;
two lines are awaited, because the first may end what was under way when the round began.  Without
it a round is over by quiet: no call for `quiet` seconds, or the call with which the client began
has come three times since it last moved anything, as pollers that never rest do.  In any case a
round ends after `longest` seconds.

A command that ends with exit code 0, as a batch does, has done its round and is started again for
the next; any other exit code is a failure.  The same process serves one example after another,
whose sandboxes have the same address and credentials, unless `restart` asks for a new one.
"""

from collections.abc import Callable
from contextlib import nullcontext
from time import sleep
from typing import Any

from ..api.methods import METHODS
from ..client.sandbox import Sandbox
from ..world.real_clock import monotonic_seconds
from .client_process import ClientProcess
from .connection_info import client_variables
from .console import translate
from .stop_signals import Interruption

__all__ = ["ClientEnded", "CommandClient"]

_POLL_SECONDS = 0.01
_LOOPS = 3  # of a poller that has nothing to do
_MAX_CALLS = 300
_LAST_CHARACTERS = 300  # of what a command wrote before it ended


class ClientEnded(Exception):
    """The command has ended by itself, with an exit code other than 0."""


class CommandClient:
    """Makes the client of `exchange_machine` from a command; `pytest_source` makes it again.

    An interruption that asks for hurry gives nobody time to end.
    """

    def __init__(
        self,
        command: str,
        *,
        env: tuple[str, ...] = (),
        round_line: str = "",
        quiet: float = 0.3,
        longest: float = 5.0,
        restart: bool = False,
        interruption: Interruption | None = None,
    ) -> None:
        self._arguments: dict[str, Any] = {
            "env": env,
            "round_line": round_line,
            "quiet": quiet,
            "longest": longest,
            "restart": restart,
        }
        self.command = command
        self.env = env
        self.round_line = round_line
        self.quiet = quiet
        self.longest = longest
        self.restart = restart
        self._interruption = interruption
        self.process: ClientProcess | None = None

    def __call__(self, sandbox: Sandbox) -> "_Rounds":
        """Return what does the rounds in a sandbox."""
        return _Rounds(self, sandbox)

    @property
    def pytest_source(self) -> str:
        """The lines of a pytest file that make this client."""
        arguments = "".join(f"    {name}={value!r},\n" for name, value in self._arguments.items())
        return (
            "from mockserver.cli.command_client import CommandClient\n\n"
            f"client = CommandClient(\n    {self.command!r},\n{arguments})\n"
        )

    def go(self, sandbox: Sandbox) -> ClientProcess:
        """Start the command, or let it go on."""
        if self.process is not None and self.process.exit_code() is not None:
            self.stop()
        if self.process is None:
            variables = client_variables(sandbox, self.env)
            with self._interruption.postpone() if self._interruption else nullcontext():
                self.process = ClientProcess(
                    self.command, variables, self._is_hurried, self.round_line
                )
        else:
            self.process.go_on()
        return self.process

    def _is_hurried(self) -> bool:
        return self._interruption is not None and self._interruption.hurried

    def stop(self) -> None:
        """End the command.  Idempotent."""
        if self.process is not None:
            self.process.stop()
            self.process = None


class _Rounds:
    """The client in one sandbox; `own_requests` are the ids of the calls in its rounds."""

    def __init__(self, client: CommandClient, sandbox: Sandbox) -> None:
        self._client = client
        self._sandbox = sandbox
        self.own_requests: set[str] = set()

    def step(self) -> None:
        """Let the command do one round.

        Raises:
            ClientEnded: it has ended with an exit code other than 0.
        """
        client = self._client
        earlier = self._list_requests()
        process = client.go(self._sandbox)
        lines = process.marked_lines
        end = monotonic_seconds() + client.longest
        is_over: Callable[[], bool] = _Quiet(self._sandbox, earlier, client.quiet).is_over
        while monotonic_seconds() < end:
            if process.exit_code() is not None:
                break
            if client.round_line:
                if process.marked_lines >= lines + 2:
                    break
            elif is_over():
                break
            sleep(_POLL_SECONDS)
        code = process.exit_code()
        if code:
            client.stop()  # then all that it wrote has been read
            log = process.log()[-_LAST_CHARACTERS:]
            raise ClientEnded(translate(f"退出码 {code}：{log}", f"exit code {code}: {log}"))
        if code is None:
            process.hold()
        self.own_requests |= self._list_requests() - earlier

    def _list_requests(self) -> set[str]:
        """Return the ids of the newest calls."""
        return {call["request_id"] for call in self._sandbox.requests(limit=_MAX_CALLS)}

    def close(self) -> None:
        """End the command if it is to be started anew for each sandbox."""
        if self._client.restart:
            self._client.stop()


class _Quiet:
    """Whether the client has nothing left to do, by the calls that come."""

    def __init__(self, sandbox: Sandbox, earlier: set[str], quiet: float) -> None:
        self._sandbox = sandbox
        self._earlier = earlier
        self._quiet = quiet
        self._count = 0
        self._since = monotonic_seconds()

    def is_over(self) -> bool:
        """Return True if calls have come, and the last ones moved nothing."""
        requests = self._sandbox.requests(limit=_MAX_CALLS)
        calls = [call for call in reversed(requests) if call["request_id"] not in self._earlier]
        now = monotonic_seconds()
        if len(calls) != self._count:
            self._count = len(calls)
            self._since = now
        if not calls:
            return False
        if now - self._since >= self._quiet:
            return True
        first = calls[0]["method"]
        loops = 0
        for call in calls:
            if _is_move(call["method"]):
                loops = 0
            elif call["method"] == first:
                loops += 1
        return loops > _LOOPS


def _is_move(name: str) -> bool:
    method = METHODS.get(name)
    return method is not None and method.move is not None
