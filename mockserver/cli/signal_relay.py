"""A command run as a child: SIGINT and SIGTERM are passed on to it.

Made before the server starts, so that no signal is lost and none leaves a child or a file behind.
"""

import os
import signal
import subprocess
from types import FrameType

__all__ = ["Relay"]

_PASSED_ON = (signal.SIGINT, signal.SIGTERM)


class Relay:
    """From now on SIGINT and SIGTERM do not end this process, but the command that it runs."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._received: list[int] = []
        for number in _PASSED_ON:
            signal.signal(number, self._receive)

    def run(self, command: list[str], variables: dict[str, str]) -> int:
        """The command's exit code, 128 + n when it died of signal n; told to stop before, it does not start.

        Raises:
            OSError: the command cannot be executed.
        """
        if self._received:
            return 128 + self._received[0]
        self._child = subprocess.Popen(command, env=variables)  # noqa: S603  # running it is what the user asks for
        for number in self._received:  # between the check and the child
            self._pass(number)
        code = self._child.wait()
        return 128 - code if code < 0 else code

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received.append(number)
        self._pass(number)

    def _pass(self, number: int) -> None:
        if self._child is None:
            return
        if number == signal.SIGTERM:
            self._child.terminate()
        elif os.name != "nt":  # a Windows console has told the child already
            self._child.send_signal(number)
