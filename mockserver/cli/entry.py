"""Where the command begins: `tmall-mockserver` and `python -m mockserver`."""

import os
import signal
from types import FrameType
from typing import NoReturn

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the command in `sys.argv` and exit, also when Ctrl-C comes before it is imported."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from .main import main as run_main

    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run_main()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End at once: in the middle of an import nothing has begun that had to be put away."""
    os._exit(_INTERRUPTED)
