"""Fixtures of the suite's own."""

import flask
import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def app():
    """Return a Flask app, as pytest-flask wants one."""
    return flask.Flask(__name__)


@pytest.fixture
def shop(sandbox_factory):
    """Return a sandbox with little stock."""
    return sandbox_factory(goods={"wanted": {"stock": 1}})
