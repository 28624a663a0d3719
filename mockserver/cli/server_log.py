"""Lines that a running server writes to stderr, without ever waiting for whoever should read them.

A test harness may start the server with a pipe for stderr and never read it.  A pipe holds
64 KiB; after that a plain write blocks, and with it the thread that answers calls.  So lines go
into a short queue, one daemon thread writes them, and what does not fit is dropped and counted.
Nothing waits for that thread, not even the end of the process.
"""

import json
import os
import sys
import threading
from collections import deque
from datetime import datetime
from time import sleep

from ..protocol.shapes import BEIJING
from ..world.journal import Entry
from ..world.real_clock import monotonic_seconds
from .console import one_line

__all__ = ["ServerLog"]

_MAX_LINES = 1000  # that wait to be written
_REST = 9  # times as long as a search took nothing is searched
_PAUSE_SECONDS = 0.005  # before the line of a call whose sign is examined
_CLOSE_SECONDS = 0.25  # that the last lines have
_BLOCKED_SECONDS = 0.05  # that one of them has
_POLL_SECONDS = 0.01


class ServerLog:
    """Writes a line for each refused or failed call, and what the server itself has to say.

    `format` is `text` or `json`; with `quiet` calls are not written, only the server's own lines.
    The `doctor` command stands in a line only if the server `lives_on` until somebody reads it.
    """

    def __init__(self, language: str, format: str, *, quiet: bool, lives_on: bool = True) -> None:
        self._language = language
        self._json = format == "json"
        self._quiet = quiet
        self._lives_on = lives_on
        self._lines: deque[str | Entry] = deque()
        self._search_again = 0.0
        self._dropped = 0
        self._blocked_at = float("inf")  # when the line that is being written takes too long
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def log_call(self, entry: Entry) -> None:
        """Write a line for a refused or failed call; texts that are the caller's are escaped."""
        if not self._quiet:
            self._add(entry)

    def _format_call(self, entry: Entry) -> str:
        """Return the line of a call; a sign is examined as long as that takes little of the time.

        Signs that nobody examined here are examined by the `doctor` command that the line names.
        """
        started = monotonic_seconds()
        if started >= self._search_again:
            entry = entry.with_diagnosis()
            self._search_again = started + _REST * (monotonic_seconds() - started)
        cause = entry.cause_en if self._language == "en" else entry.cause_zh
        code = entry.code or entry.msg_code
        at = datetime.fromtimestamp(entry.real, BEIJING)
        if self._json:
            fields = {
                "time": at.isoformat(timespec="milliseconds"),
                "sandbox": entry.sandbox,
                "caller": entry.caller,
                "code": code,
                "method": entry.method,
                "cause": cause,
                "request_id": entry.request_id,
            }
            return json.dumps(fields)
        caller = f"{entry.sandbox}/{entry.caller}" if entry.caller else entry.sandbox
        line = one_line(f"{at:%H:%M:%S} {caller} {code} {entry.method or '-'} {cause}")
        return f"{line}  [tmall-mockserver doctor {entry.request_id}]" if self._lives_on else line

    def log_line(self, line: str) -> None:
        """Write a line of the server's own."""
        self._add(json.dumps({"message": line}) if self._json else line)

    def close(self) -> None:
        """Give the last lines a moment to be written, none where nobody reads them.

        A thread that a stop interrupted may hold the lock for ever, so that is not waited for.
        """
        end = monotonic_seconds() + _CLOSE_SECONDS
        if not self._changed.acquire(timeout=_BLOCKED_SECONDS):
            return
        try:
            while self._lines and monotonic_seconds() < min(end, self._blocked_at):
                self._changed.wait(_POLL_SECONDS)
        finally:
            self._changed.release()

    def _add(self, line: str | Entry) -> None:
        with self._changed:
            if self._thread is None and not self._start():
                self._dropped += 1
                return
            if len(self._lines) >= _MAX_LINES:
                self._dropped += 1
                return
            self._lines.append(line)
            self._changed.notify_all()

    def _start(self) -> bool:
        """Start the thread that writes; return False if there is no memory for one now."""
        thread = threading.Thread(target=self._write, name="stderr", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            return False
        self._thread = thread
        return True

    def _write(self) -> None:
        descriptor = sys.stderr.fileno()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines)
                first = self._lines[0]
                dropped = self._dropped
                self._dropped = 0
            if isinstance(first, Entry) and first.late is not None:
                sleep(_PAUSE_SECONDS)  # the reply leaves before a search takes the processor
            line = self._format_call(first) if isinstance(first, Entry) else first
            if dropped:
                line = f"({dropped} lines dropped: nobody read stderr)\n{line}"
            self._blocked_at = monotonic_seconds() + _BLOCKED_SECONDS
            try:
                os.write(descriptor, f"{line}\n".encode(sys.stderr.encoding, "replace"))
            except OSError:  # nobody will read any more
                return
            self._blocked_at = float("inf")
            with self._changed:
                self._lines.popleft()
                self._changed.notify_all()
