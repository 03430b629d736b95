"""A zone of the tests' own, and a name in it for each test."""

import pytest

from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.test_hooks.test_trial.lab import KEY, Lab


@pytest.fixture(scope="session")
def zone():
    """BIND with the zone example.test."""
    try:
        running = Bind.start(zones={"example.test": ""}, keys=[KEY])
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with running:
        yield running


@pytest.fixture
def lab(zone, tmp_path):
    return Lab(zone, tmp_path)
