"""Nothing heavy comes along: neither packages with plugins of their own, nor imports."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WITH_PLUGINS = ("faker", "hypothesis", "anyio", "pytest-")  # packages with a pytest plugin


def run_python(code):
    """Run `code` in a fresh interpreter and return the process."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, encoding="utf-8"
    )


def test_the_fixtures_bring_no_other_plugin():
    """Neither the package nor its extra `pytest` requires a package with a pytest plugin."""
    requirements = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["pytest"]

    assert [name for name in requirements if name.startswith(WITH_PLUGINS)] == []


def test_every_extra_is_in_all():
    """The extra `all` names each extra for users."""
    extras = PROJECT["optional-dependencies"]
    [requirement] = extras["all"]

    assert requirement.startswith("tmall-mockserver[")
    assert set(requirement.partition("[")[2].rstrip("]").split(",")) == set(extras) - {"all", "dev"}


def test_a_seed_needs_no_faker():
    """A made-up sandbox of another seed comes without Faker, and is the same everywhere."""
    code = (
        "import sys; sys.modules['faker'] = None\n"
        "from mockserver import Sandbox\n"
        "sandbox = Sandbox(seed=7)\n"
        "print(ascii([sandbox.shops[0]['nick'], sandbox.stock['bought'].sku_id]))"
    )

    process = run_python(code)

    assert process.stderr == ""
    assert json.loads(process.stdout.replace("'", '"')) == ["朱家优品旗舰店", "4000096082671"]


@pytest.mark.parametrize("name", ["strategies", "exchange_machine"])
def test_missing_hypothesis_names_the_extra(name):
    """Without Hypothesis what needs it says which extra has it."""
    code = f"import sys; sys.modules['hypothesis'] = None\nfrom mockserver.testing import {name}"

    process = run_python(code)

    assert process.returncode == 1
    assert "tmall-mockserver[hypothesis]" in process.stderr
