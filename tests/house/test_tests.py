"""The tests stand as the house does.

tests/<package>/test_<module>.py for a module of that package.
"""

from pathlib import Path

from tests.house.modules import PATHS, ROOT, assert_none

TESTS = ROOT / "tests"
# Laws that hold across the modules of their package, and what only a whole run shows.
ACROSS_MODULES = {
    "cli/test_client_process.py",
    "cli/test_commands.py",
    "cli/test_mistakes.py",
    "cli/test_signals.py",
    "cli/test_validate.py",
    "cli/test_wheel.py",
    "cli/test_scarcity.py",
    "client/test_lifetimes.py",
    "control/test_refusals.py",
    "control/test_report.py",
    "control/test_rights.py",
    "control/test_snapshots.py",
    "domain/test_status.py",
    "gateway/test_captured_shapes.py",
    "gateway/test_declared_types.py",
    "gateway/test_isolation.py",
    "gateway/test_privacy.py",
    "gateway/test_wire_vectors.py",
    "gateway/test_writes.py",
    "push/test_connect.py",
    "push/test_delivery.py",
    "push/test_one_store.py",
    "push/test_several_sandboxes.py",
    "scenario/test_mutations.py",
    "scenario/test_runner_with_client.py",
    "scenario/test_shipped.py",
    "scenario/test_shipped_scenarios.py",
    "testing/test_foreign_suites.py",
    "testing/test_plugin.py",
    "testing/test_strategies.py",
    "testing/test_user_types.py",
    "testing/test_weight.py",
    "world/test_limits.py",
    "world/test_resume.py",
}
# Folders whose subject is not one package: documents, clients, the whole server, the house itself.
WHOLE = {
    "beside",
    "browser",
    "diagrams",
    "docs",
    "examples",
    "house",
    "integrations",
    "machines",
    "sdk",
    "server",
    "written",
}


def test_a_test_file_is_named_after_its_module():
    """The tests of `mockserver/<package>/<module>.py` have the same names."""
    modules = {(path.relative_to(ROOT).parts[1], path.stem) for path in PATHS.values()}
    files = [path.relative_to(TESTS) for path in TESTS.glob("*/test_*.py")]

    assert_none(
        path.as_posix()
        for path in files
        if path.parts[0] not in WHOLE
        and path.as_posix() not in ACROSS_MODULES
        and (path.parts[0], path.stem.removeprefix("test_")) not in modules
    )


def test_the_oracle_knows_nothing_of_the_product():
    """The documents as data are written by hand, and import nothing of the product."""
    source = Path(TESTS / "oracle.py").read_text("utf-8")

    assert "import mockserver" not in source
    assert "from mockserver" not in source
