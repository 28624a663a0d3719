"""Who makes room when unfinished requests, or replies that nobody reads, fill their memory."""

import pytest

from mockserver.embedded.connection_memory import ConnectionMemory


class Holder:
    """A connection that notes when it was to make room."""

    def __init__(self, name: str, deadline: float, dropped: list[str]) -> None:
        self.name, self.deadline, self.dropped = name, deadline, dropped

    def make_room(self) -> None:
        """Note it."""
        self.dropped.append(self.name)


@pytest.fixture
def dropped() -> list[str]:
    """The names of the connections that made room, in order."""
    return []


def test_largest_holder_makes_room_for_a_newcomer(dropped):
    """A newcomer that fills the memory stays; who holds most goes."""
    memory = ConnectionMemory(1600, Holder.make_room)
    memory.note(Holder("small", 1.0, dropped), 100)
    memory.note(Holder("large", 9.0, dropped), 900)
    memory.note(Holder("medium", 2.0, dropped), 500)

    memory.note(Holder("newcomer", 10.0, dropped), 101)

    assert dropped == ["large"]


def test_oldest_of_equal_holders_make_room(dropped):
    """Of equally large holders the oldest go, a sixteenth of the limit at once."""
    memory = ConnectionMemory(1600, Holder.make_room)
    for number in range(160):
        memory.note(Holder(str(number), float(number), dropped), 10)
    assert dropped == []

    memory.note(Holder("newcomer", 999.0, dropped), 1)

    assert dropped == [str(number) for number in range(11)]


def test_room_is_free_again(dropped):
    """What was answered or has gone counts no more, noted once or often."""
    memory = ConnectionMemory(1600, Holder.make_room)
    for number in range(1000):
        holder = Holder(str(number), float(number), dropped)
        memory.note(holder, 700)
        memory.note(holder, 1500)
        if number % 2:
            memory.note(holder, 0)
        else:
            memory.forget(holder)
            memory.forget(holder)

    assert dropped == []


def test_only_holder_above_the_limit(dropped):
    """One that alone fills the memory is refused itself."""
    memory = ConnectionMemory(1600, Holder.make_room)

    memory.note(Holder("alone", 1.0, dropped), 1601)

    assert dropped == ["alone"]
