"""Build hook of the wheel: `scenarios/` ships inside the package.

`mockserver.scenario.library` finds it there.

An editable install uses the folder as it stands, so nothing is copied for one.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["WheelHook"]


class WheelHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own configuration type
    """Adds the scenarios to a wheel that is no editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """The scenarios are among the files of a standard wheel."""
        if version == "standard":
            build_data["force_include"]["scenarios"] = "mockserver/stories"
