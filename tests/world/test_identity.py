"""One app may be in many sandboxes, a session in one only.

A call finds its sandbox by session, else by app key.
"""

from datetime import datetime

import pytest

from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import BadDocument, WorldDocument
from mockserver.world.world import World

APP = {"app_key": "777", "app_secret": "same"}


def test_one_app_stands_in_many_sandboxes(add_world, directory):
    """With the same secret one app key stands in many sandboxes, each found by its own session."""
    worlds = [
        add_world(f"w{n}", apps=[APP], shops=[{"session": f"s{n}", "subs": []}]) for n in range(5)
    ]
    for n, world in enumerate(worlds):
        where, app, session = directory.find(f"s{n}", "777")
        assert (where, app.app_secret, session.token) == (world, "same", f"s{n}")


def test_other_secret_is_a_conflict(add_world, directory):
    """The same app key with another secret is a conflict, and no second sandbox is made."""
    add_world("one", apps=[APP])
    with pytest.raises(BadDocument) as refused:
        add_world("two", apps=[{**APP, "app_secret": "other"}], shops=[{"session": "fresh"}])
    assert (refused.value.conflict, refused.value.field) == (True, "apps.app_secret")
    assert [world.id for world in directory.all()] == ["one"]
    assert not directory.knows_session("fresh")


def test_session_stands_in_one_sandbox_only(add_world, directory):
    """A session that another sandbox has is a conflict, and nothing of the second sandbox stays."""
    one = add_world("one", apps=[APP], shops=[{"session": "mine"}])
    with pytest.raises(BadDocument) as refused:
        add_world("two", apps=[{"app_key": "888"}], shops=[{"session": "mine"}])
    assert (refused.value.conflict, refused.value.field) == (True, "shops.session")
    assert directory.find("mine", "777")[0] is one
    assert directory.find("", "888") == (None, None, None)


def test_name_stands_once(add_world):
    """A second sandbox of the same name is a conflict."""
    add_world(name="one")
    with pytest.raises(BadDocument) as refused:
        add_world(name="one")
    assert refused.value.conflict


def test_session_goes_before_app_key(add_world, directory):
    """A known session decides the sandbox; without one the app key's first sandbox answers."""
    first = add_world("first", apps=[APP], shops=[{"session": "s1", "subs": []}])
    second = add_world("second", apps=[APP], shops=[{"session": "s2", "subs": []}])
    assert directory.find("s2", "777")[0] is second
    assert directory.find("nobody", "777")[0] is first
    assert directory.find("", "777")[0] is first


def test_unknown_caller_belongs_nowhere(add_world, directory):
    """An unknown app key belongs to no sandbox, whatever the session."""
    add_world("one", shops=[{"session": "s1", "subs": []}])
    assert directory.find("s1", "999") == (None, None, None)


def test_dropped_sandbox_is_not_found(add_world, directory):
    """After a drop neither session nor app key leads to the sandbox, and both may be used again."""
    first = add_world("one", apps=[APP], shops=[{"session": "s1", "subs": []}])
    directory.drop(first)
    assert directory.find("s1", "777") == (None, None, None)
    again = add_world(
        "one", apps=[{**APP, "app_secret": "new"}], shops=[{"session": "s1", "subs": []}]
    )
    assert directory.find("s1", "777")[0] is again


def test_many_made_up_sandboxes_never_clash(add_world):
    """Sandboxes with everything made up have app keys and sessions of their own."""
    worlds = [add_world() for _ in range(200)]
    assert len({key for world in worlds for key in world._state.apps}) == 200
    assert len({token for world in worlds for token in world._state.sessions}) == 400


def test_processes_of_one_server_never_clash():
    """Processes with instance numbers of their own share no sandbox name, app key or session."""
    names, app_keys, tokens = set(), set(), set()
    for instance in range(3):
        directory = Directory(
            lambda: datetime(2026, 3, 1, tzinfo=BEIJING), lambda instance=instance: instance
        )
        for _ in range(20):
            world = World(directory, WorldDocument())
            names.add(world.id)
            app_keys |= {app.app_key for app in world.view.apps()}
            tokens |= {session.token for session in world.view.sessions()}
    assert (len(names), len(app_keys), len(tokens)) == (60, 60, 120)
    assert {"s1", "s20"} <= names
