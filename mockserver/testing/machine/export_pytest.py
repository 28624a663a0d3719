"""Writes a failure as a pytest file.

Imports the client from where it is written, and replays the steps.
"""

import sys
from os.path import relpath
from pathlib import Path
from pprint import pformat
from typing import Any

from msgspec import Struct

from .check_failure import CheckFailure
from .machine_options import MachineOptions, to_identifier
from .machine_run import MachineRun

__all__ = ["export_pytest"]

_HEAD = '''"""{zh}

{en}

python -m pytest {path}
"""
'''
_PATHS = """
import sys
from pathlib import Path

"""
_BODY = '''
{made}
STEPS = {steps}


def test_{check}() -> None:
    """{zh}"""
    MACHINE.replay(STEPS)
'''
_NOT_IMPORTABLE = """# 客户端是局部函数或 lambda，无法导入：请在此给出
# (the client is local and cannot be imported: give it here)
client = None
assert client is not None, (
    "客户端无法导入，请在文件里给出 "
    "(the client cannot be imported: give it in this file)"
)
"""


class _ImportPlace(Struct, frozen=True):
    """Where something can be imported from.

    The folder that must be on the path, the module, the name in it.
    """

    folder: Path
    module: str
    name: str

    def write_import(self, own_name: str) -> str:
        """Return the import statement that binds it to `own_name`."""
        head, _, inner = self.name.partition(".")
        binding = f"{own_name} = {self.name}\n" if inner else ""
        alias = "" if inner else f" as {own_name}"
        return f"from {self.module} import {head}{alias}\n{binding}"


def export_pytest(machine: type, run: MachineRun, failure: CheckFailure, path: Path) -> str:
    """Return the text of the file that is going to stand at `path`."""
    options = run.options
    executed = [step.step for step in run.executed_steps]
    steps = pformat(executed, width=120, sort_dicts=False)
    needed = {
        "client": options.client,
        **{f"invariant_{place}": invariant for place, invariant in enumerate(options.invariants)},
    }
    places = {name: _find_import(value) for name, value in needed.items()}
    imports = {name: place for name, place in places.items() if place}
    machine_place = _find_machine(machine)
    source = getattr(options.client, "pytest_source", "")  # of a client that writes itself
    if source:
        imports = {}
        making = f"{source}{_write_machine(options, [])}"
    elif len(imports) == len(needed):
        making = _write_machine(options, list(needed)[1:])
    elif machine_place is not None:
        imports = {"MACHINE": machine_place}
        making = ""
    else:
        imports = {}
        making = f"{_NOT_IMPORTABLE}{_write_machine(options, [])}"
    zh = _to_docstring(failure.zh)
    en = _to_docstring(failure.en)
    text = _HEAD.format(zh=zh, en=en, path=path.as_posix()) + (_PATHS if imports else "")
    for folder in dict.fromkeys(place.folder for place in imports.values()):
        relative = _relate(folder, path.parent)
        text += f"sys.path.insert(0, str(Path(__file__).parent / {relative!r}))\n"
    text += "".join(place.write_import(name) for name, place in imports.items())
    text += "\nfrom mockserver.testing import exchange_machine\n" if making else ""
    check = to_identifier(failure.check)
    return text + _BODY.format(made=making, steps=steps, check=check, zh=zh)


def _write_machine(options: MachineOptions, invariants: list[str]) -> str:
    """Return the call that makes the machine with the arguments it had; it writes no files."""
    arguments = {
        "plays": options.plays,
        "ruleset": str(options.ruleset),
        "seed": options.seed,
        "exchanges": options.exchanges,
        "check": options.check,
        "handles": options.handles,
        "world": dict(options.world),
        "ages": options.ages,
        "channels": options.channels,
    }
    lines = "".join(
        f"    {name}={pformat(value, width=100)},\n" for name, value in arguments.items()
    )
    checks = f"    invariants=({', '.join(invariants)},),\n" if invariants else ""
    return f"MACHINE = exchange_machine(\n    client,\n{lines}{checks}    write_to=None,\n)\n"


def _find_machine(machine: type) -> _ImportPlace | None:
    """Return where the machine itself can be imported from, if it has a name in its module."""
    module = sys.modules.get(machine.__module__)
    for name, value in vars(module).items() if module else ():
        if value is machine:
            return _locate(module, name)
    return None


def _find_import(value: Any) -> _ImportPlace | None:
    """Return where a function or class can be imported from; None for a local one."""
    module = sys.modules.get(getattr(value, "__module__", ""))
    name = getattr(value, "__qualname__", "")
    reached: Any = module
    for part in name.split(".") if name else ():
        reached = getattr(reached, part, None)
    return _locate(module, name) if reached is value else None


def _locate(module: Any, name: str) -> _ImportPlace | None:
    """Return the place of `name` in a module; None if the module has no file."""
    file = getattr(module, "__file__", None)
    if not file:
        return None
    path = Path(file).resolve()
    if module.__name__ == "__main__":
        return _ImportPlace(path.parent, path.stem, name)
    depth = module.__name__.count(".") + path.stem.count("__init__")
    return _ImportPlace(path.parents[depth], module.__name__, name)


def _relate(folder: Path, start: Path) -> str:
    """Return the path from one folder to another; an absolute one if they share no drive."""
    try:
        return Path(relpath(folder, start.resolve())).as_posix()
    except ValueError:
        return folder.as_posix()


def _to_docstring(text: str) -> str:
    """Return the text without what would end a docstring."""
    return text.replace("\\", "/").replace('"', "'")
