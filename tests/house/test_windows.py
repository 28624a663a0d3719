"""Every module can be imported where there is no fork, no SIGHUP and no fcntl: on Windows."""

import subprocess
import sys

IMPORT_ALL = """
import importlib, os, pkgutil, signal, sys
import asyncio, multiprocessing.connection, socket, subprocess, tempfile  # as this system has them
import click, flask, hypothesis, msgspec, pytest, requests, httpx, yaml

for name in ("fcntl", "resource", "pwd", "grp", "termios", "pty", "tty"):
    sys.modules[name] = None
for module, names in (
    (os, "fork killpg getpgrp setsid getsid waitid WNOHANG WNOWAIT sched_getaffinity tcgetpgrp "
         "tcsetpgrp getuid geteuid O_NONBLOCK"),
    (signal, "SIGHUP SIGKILL SIGTTOU SIGCONT SIGSTOP SIGALRM SIGUSR1 setitimer pause"),
    (socket, "AF_UNIX SO_REUSEPORT"),
):
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
import pathlib

pathlib.WindowsPath = pathlib.PosixPath
sys.platform, os.name = "win32", "nt"

import mockserver
failed = []
for found in pkgutil.walk_packages(mockserver.__path__, "mockserver."):
    if found.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(found.name)
    except Exception as error:
        failed.append(f"{found.name}: {error!r}")
print("\\n".join(failed))
sys.stdout.flush()
os._exit(bool(failed))
"""


def test_modules_import_on_windows() -> None:
    """No module touches at import what Windows does not have."""
    ended = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (ended.stdout.strip(), ended.returncode) == ("", 0), ended.stderr
