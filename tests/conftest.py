"""What every test shares: the test CA, and REQUIRE_ALL=1, under which a skipped test is a failed one."""

import os

import pytest

REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL"))

# Whoever runs the tests may have set a CA or directories of their own.
for variable in [name for name in os.environ if name.startswith("ACME_")]:
    del os.environ[variable]


@pytest.fixture(scope="session")
def ca():
    """A Pebble of this worker's own."""
    from tests.ca.fetch import PebbleMissing
    from tests.ca.pebble import TestCA

    try:
        started = TestCA.start()
    except PebbleMissing as missing:
        pytest.skip(str(missing))
    with started as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return refuse_skip((yield))


def refuse_skip(report):
    """The report, with a skip as a failure where nothing may be skipped; an expected failure is no skip."""
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but REQUIRE_ALL is set: {report.longrepr[2]}"
    return report
