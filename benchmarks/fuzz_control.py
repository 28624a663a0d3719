"""Run schemathesis against the control API of a live server: replies must be as OpenAPI says, and
what its schemas do not allow must be refused; a second run asks that what they allow is taken, of
all operations but those of _LOOSE_SCHEMAS.

Usage: `python -m benchmarks.fuzz_control SCHEMATHESIS`, the path of its command.  The same calls
are made on every run, however long a slow machine takes for them.  Exit code: that of
schemathesis, 0 if it found nothing.
"""

import subprocess
import sys

from mockserver import Server

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
# Operations whose schemas still allow more than they take.  Some of it a schema cannot say (names
# that the sandbox has, days of a month, query parameters that go together), some it could (bodies
# of snapshots, bounds of faults, durations of robots).
_LOOSE_SCHEMAS = (
    r"^(post_.*|patch_.*_rules|put_.*_(quotas|robots|snapshots_name|stock_name)"
    r"|get_(sandboxes_id_)?requests(_har)?|get_sandboxes_id_exchanges)$"
)
_EXAMPLES = 40


def main(command: str) -> int:
    """Start a server and fuzz its control API, _EXAMPLES calls a route.  Return the exit code."""
    with Server() as server:
        return _fuzz(command, server, _CHECKS) or _fuzz(
            command,
            server,
            ("positive_data_acceptance",),
            "--exclude-operation-id-regex",
            _LOOSE_SCHEMAS,
        )


def _fuzz(command: str, server: Server, checks: tuple[str, ...], *options: str) -> int:
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
            *options,
        ],
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
