"""A failure as a pytest file: the client imported from where it is written, and the steps that it fails in."""

import sys
from os.path import relpath
from pathlib import Path
from pprint import pformat
from typing import Any

from msgspec import Struct

from .checks import CheckFailure
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
_NOWHERE = """# 客户端是局部函数或 lambda，无法导入：请在此给出 (the client is local and cannot be imported: give it here)
client = None
assert client is not None, "客户端无法导入，请在文件里给出 (the client cannot be imported: give it in this file)"
"""


class _Place(Struct, frozen=True):
    """Where something can be imported from: the folder that must be on the path, the module, the name in it."""

    folder: Path
    module: str
    name: str

    def line(self, known_as: str) -> str:
        """The import statement."""
        head, _, inner = self.name.partition(".")
        bound = f"{known_as} = {self.name}\n" if inner else ""
        return f"from {self.module} import {head}{'' if inner else f' as {known_as}'}\n{bound}"


def export_pytest(machine: type, encounter: MachineRun, failure: CheckFailure, path: Path) -> str:
    """The text of the file that is going to stand at `path`."""
    plan, steps = (
        encounter.plan,
        pformat([deed.step for deed in encounter.operations], width=120, sort_dicts=False),
    )
    needed = {
        "client": plan.client,
        **{f"invariant_{place}": each for place, each in enumerate(plan.invariants)},
    }
    places = {name: _place(each) for name, each in needed.items()}
    whole = _named(machine, plan)
    if all(places.values()):
        imported, made = (
            {name: each for name, each in places.items() if each},
            _made(plan, list(places)[1:]),
        )
    elif whole is not None:
        imported, made = {"MACHINE": whole}, ""
    else:
        imported, made = {}, f"{_NOWHERE}{_made(plan, [])}"
    zh, en = _literal(failure.zh), _literal(failure.en)
    text = _HEAD.format(zh=zh, en=en, path=path.as_posix()) + (_PATHS if imported else "")
    for folder in dict.fromkeys(each.folder for each in imported.values()):
        text += (
            f"sys.path.insert(0, str(Path(__file__).parent / {_relative(folder, path.parent)!r}))\n"
        )
    text += "".join(each.line(name) for name, each in imported.items())
    text += "\nfrom mockserver.testing import exchange_machine\n" if made else ""
    return text + _BODY.format(made=made, steps=steps, check=to_identifier(failure.check), zh=zh)


def _made(plan: MachineOptions, invariants: list[str]) -> str:
    """The machine with the arguments it had; nothing is written again."""
    given = {
        "plays": plan.plays,
        "ruleset": str(plan.ruleset),
        "seed": plan.seed,
        "exchanges": plan.exchanges,
        "check": plan.check,
        "handles": plan.handles,
        "world": dict(plan.world),
        "ages": plan.ages,
    }
    listed = "".join(f"    {name}={pformat(value, width=100)},\n" for name, value in given.items())
    checked = f"    invariants=({', '.join(invariants)},),\n" if invariants else ""
    return f"MACHINE = exchange_machine(\n    client,\n{listed}{checked}    write_to=None,\n)\n"


def _named(machine: type, plan: MachineOptions) -> _Place | None:
    """Where the machine itself can be imported from, if it has a name in the client's module."""
    module = sys.modules.get(machine.__module__)
    name = (
        next((name for name, each in vars(module).items() if each is machine), "") if module else ""
    )
    return _at(module, name) if name else None


def _place(thing: Any) -> _Place | None:
    """Where a function or class can be imported from; None for a local one."""
    module, name = (
        sys.modules.get(getattr(thing, "__module__", "")),
        getattr(thing, "__qualname__", ""),
    )
    found: Any = module
    for part in name.split(".") if name else ():
        found = getattr(found, part, None)
    return _at(module, name) if found is thing else None


def _at(module: Any, name: str) -> _Place | None:
    file = getattr(module, "__file__", None)
    if not file:
        return None
    if module.__name__ == "__main__":
        return _Place(Path(file).resolve().parent, Path(file).stem, name)
    return _Place(
        Path(file)
        .resolve()
        .parents[module.__name__.count(".") + Path(file).stem.count("__init__")],
        module.__name__,
        name,
    )


def _relative(folder: Path, start: Path) -> str:
    """The way from one folder to another; absolute where they share none."""
    try:
        return Path(relpath(folder, start.resolve())).as_posix()
    except ValueError:  # another drive
        return folder.as_posix()


def _literal(text: str) -> str:
    """The text without what would end a docstring."""
    return text.replace("\\", "/").replace('"', "'")
