"""Walks through README and every guide as a stranger does: `python docs/walk.py`, `make test-walk`.

A wheel of this checkout is installed into an empty environment, and nothing else of the checkout
can be seen.  For each document, in each language, a new folder gets the files that the document
shows; then its Python blocks and its shell blocks run from top to bottom, as pasted.  Blocks that
begin with `make`, `pip` or `git` are for a clone, and are left out.  The seconds of each document
are printed; the first that fails ends the walk with exit 1 and the output of its block.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README",
    "docs/first-scenario",
    "docs/test-your-client",
    "docs/control-api",
    "docs/messages",
    "docs/faults",
    "docs/testing",
    "docs/property-tests",
)
LANGUAGES = {"zh": ".zh-CN.md", "en": ".md"}
SECONDS = 240  # that the blocks of one language of a document may take
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED_FILE = re.compile(r"`([\w.-]+)`[:：]\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
FOR_A_CLONE = ("make ", "pip ", "git ")
OF_A_TEAM = "--mockserver-url="  # needs a server that a team runs
HEAD = 'set -eu\ntrap "tmall-mockserver stop > stopped.txt 2>&1 || true" EXIT\n'


def main() -> int:
    """Walk through all documents; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.monotonic()
        commands = install(folder)
        print(f"{time.monotonic() - started:6.1f} s  wheel and installation", flush=True)
        for document in DOCUMENTS:
            for language, suffix in LANGUAGES.items():
                started = time.monotonic()
                output = walk(document + suffix, language, commands)
                print(f"{time.monotonic() - started:6.1f} s  {document}{suffix}", flush=True)
                if output:
                    print(output)
                    return 1
    return 0


def install(folder: Path) -> Path:
    """Build a wheel, install it with all extras into a new environment, and return its commands."""
    venv.create(folder / "venv", with_pip=True)
    commands = folder / "venv" / "bin"
    pip = [str(commands / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", f"{wheel}[all]", "httpx2"], check=True)
    return commands


def walk(document: str, language: str, commands: Path) -> str:
    """Run the blocks of a document; return the output of the one that failed, else nothing."""
    text = (ROOT / document).read_text("utf-8")
    named = {name: content for name, content in NAMED_FILE.findall(text) if "." in name}
    python: list[str] = []
    shell: list[str] = []
    for kind, block in BLOCK.findall(text):
        if block.startswith("# file: "):
            head, _, content = block.partition("\n")
            named[head.removeprefix("# file: ")] = content
        elif kind == "python":
            python.append(block)
        elif kind == "sh" and not block.startswith(FOR_A_CLONE):
            shell += [line for line in block.splitlines() if OF_A_TEAM not in line]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in named.items():
            (folder / path).write_text(content, "utf-8")
        (folder / "document.py").write_text("\n".join(python), "utf-8")
        (folder / "document.sh").write_text(HEAD + "\n".join(shell) + "\n", "utf-8")
        outside = {key: value for key, value in os.environ.items() if key in ("HOME", "TMPDIR")}
        environment = {
            **outside,
            "PATH": f"{commands}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "TMALL_MOCKSERVER_LANG": language,
        }
        for command in (("python", "document.py"), ("bash", "document.sh")):
            ran = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            if ran.returncode != 0:
                return f"{ran.stdout}\n{document}: {' '.join(command)}: exit {ran.returncode}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
