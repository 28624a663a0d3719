"""The environment of a client under test: the variables of a sandbox, and the client's own names for them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from ..client.sandbox import Sandbox
from .console import WRONG_USE, fail
from .ready_file import describe
from .settings import PREFIX

__all__ = ["client_variables"]


class _Names(Formatter):
    """Takes plain names only: no attributes, no items."""

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        """The value of this very name."""
        return kwargs[field_name], field_name


def client_variables(made: Sandbox, env: Iterable[str]) -> dict[str, str]:
    """This process's environment with the sandbox's variables; `env` are `NAME={app_key}` words.

    The ready file of another server is not the client's to read.
    """
    inherited = {name: value for name, value in os.environ.items() if name != f"{PREFIX}READY_FILE"}
    return {**inherited, **made.env, **_own(env, describe(made))}


def _own(env: Iterable[str], ready: Mapping[str, Any]) -> dict[str, str]:
    own = {}
    for each in env:
        name, equals, value = each.partition("=")
        if not (name and equals):
            fail(WRONG_USE, f"应写作 NAME=值：{each}", f"write NAME=value: {each}")
        try:
            own[name] = _Names().vformat(value, (), ready)
        except (KeyError, ValueError):
            fail(
                WRONG_USE,
                f"--env {each}：可用 {{{'}、{'.join(ready)}}}",
                f"--env {each}: use {{{'}, {'.join(ready)}}}",
            )
    return own
