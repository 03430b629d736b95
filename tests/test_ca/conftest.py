"""Shared by the tests of the test CA: those that start Pebble are skipped where there is none."""

from __future__ import annotations

import pytest

from tests.ca import fetch


@pytest.fixture(scope="session")
def pebble() -> fetch.Pebble:
    try:
        return fetch.find()
    except fetch.PebbleMissing as missing:
        pytest.skip(str(missing))
