"""Run schemathesis against the control API of a live server: replies must be as OpenAPI says, and
what its schemas do not allow must be refused; a second run asks that what they allow is taken, of
all operations but those of _LOOSE_SCHEMAS.

Usage: `python -m benchmarks.fuzz_control SCHEMATHESIS`, the path of its command.  The same calls
are made on every run, however long a slow machine takes for them.  Exit code: that of
schemathesis, 0 if it found nothing.
"""

import os
import subprocess
import sys
from pathlib import Path

from mockserver import Server

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
_HOOKS = Path(__file__).with_name("fuzz_hooks.py")
_EXAMPLES = 40


def main(command: str) -> int:
    """Start a server and fuzz its control API, _EXAMPLES calls a route.  Return the exit code."""
    with Server() as server:
        return _fuzz(command, server, _CHECKS) or _fuzz(command, server, ("taken_if_allowed",))


def _fuzz(command: str, server: Server, checks: tuple[str, ...]) -> int:
    return subprocess.run(
        [
            command,
            "run",
            f"{server.url}/_sandbox/openapi.json",
            "--header",
            f"Authorization: Bearer {server.token}",
            "--checks",
            ",".join(checks),
            "--phases",
            "examples,coverage,fuzzing",
            "--generation-deterministic",
            "--max-examples",
            str(_EXAMPLES),
            "--no-color",
        ],
        check=False,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(_HOOKS)},
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
