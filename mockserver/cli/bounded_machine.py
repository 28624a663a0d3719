"""Runs a state machine against a command until its runs, or the time, are used up.

Imports Hypothesis, so commands import this module when they run.
"""

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ..testing.machine.machine import ExchangeMachine
from ..world.real_clock import monotonic_seconds

__all__ = ["run_bounded"]


class _TimeIsUp(KeyboardInterrupt):
    """No other run begins.

    Hypothesis lets an interrupt pass; to reject a run that it repeats would count as flaky.
    """


def run_bounded(
    machine: type[ExchangeMachine],
    *,
    examples: int,
    steps: int,
    end: float,
    seed_number: int | None = None,
) -> tuple[type[ExchangeMachine], str]:
    """Run the machine; return the class that has counted its runs, and what was raised, or "".

    At `end`, an instant of `monotonic_seconds`, further runs are given up before they begin; there
    is one run at least.  With `seed_number` the choices are the same each time.

    Raises:
        KeyboardInterrupt: the user has had enough.
    """

    class Bounded(machine):  # type: ignore[valid-type, misc]
        """The machine until the time is up."""

        def __init__(self) -> None:
            if monotonic_seconds() >= end and self.runs:
                raise _TimeIsUp
            super().__init__()

    Bounded.__name__ = machine.__name__
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    if seed_number is not None:
        seed(seed_number)(Bounded)
    trouble = ""
    try:
        run_state_machine_as_test(Bounded, settings=chosen)
    except _TimeIsUp:
        failures = [failing.failure for failing in Bounded.failures.values()]
        trouble = "\n".join(f"{failure.zh} ({failure.en})" for failure in failures)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the checks, or a group of them, have raised
        trouble = str(error) or type(error).__name__
        trouble = "\n".join([trouble, *getattr(error, "__notes__", ())])
    finally:
        machine.server.close()
    return Bounded, trouble
