"""The stores on which the contract of `--store` is tested, and two servers on one of them."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

_NOBODY = 65534  # PostgreSQL does not run as root


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs, None where it is not installed."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A PostgreSQL server on loopback with a data directory of its own."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self.port = _free_port()
        self._ids = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        if os.getuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        else:
            self._ids = {}
        self._run("initdb", "-D", str(folder / "data"), "-U", "mock", "-A", "trust", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"postgresql://mock@127.0.0.1:{self.port}/postgres"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            timeout=60,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            **self._ids,
        )

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1"
        data, log = str(self._folder / "data"), str(self._folder / "log")
        self._run("pg_ctl", "-D", data, "-w", "-t", "50", "-o", options, "-l", log, "start")

    def stop(self) -> None:
        """Stop it at once; what was committed stays."""
        data = str(self._folder / "data")
        self._run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")

    def new_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql://mock@127.0.0.1:{self.port}/{name}"
