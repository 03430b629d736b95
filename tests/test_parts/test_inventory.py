"""What there is in the store, told whatever state it is in."""

import datetime

import pytest

from tests.test_parts.test_changes import stored
from tests.test_pure.chains import NOW
from toolkit.config import Directories
from toolkit.errors import UsageError
from toolkit.store import inventory
from toolkit.store.paths import Paths


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


def test_nothing(paths):
    assert inventory.names(paths) == []
    assert list(inventory.find(paths, [])) == []


def test_lineage(paths):
    chains = stored(paths, "a.example")
    (standing,) = inventory.find(paths, [])
    found = standing.as_json(NOW)
    assert found["names"] == ["a.example"]
    assert found["days_left"] == 89
    assert found["fingerprint_sha256"] == chains[-1].fingerprint
    assert found["key"] == "ecdsa secp256r1"
    assert found["generation"] == 2
    assert found["owed"] == ["copy x"]
    assert found["wanted"] == ["a.example"]
    assert found["error"] is None
    assert standing.as_json(NOW + datetime.timedelta(days=90))["days_left"] == -1


def test_one_that_is_broken_does_not_hide_the_others(paths):
    for name in ("a.example", "b.example", "c.example"):
        stored(paths, name, 1)
    (paths.archive("b.example") / "fullchain1.pem").write_text("rubbish")
    paths.settings("c.example").write_text("schema: other")
    (paths.directories.config / "live/d.example").mkdir()
    found = {standing.name: standing.trouble for standing in inventory.find(paths, [])}
    assert [name for name, trouble in found.items() if trouble] == ["b.example", "c.example", "d.example"]
    assert "another program" in str(found["d.example"])


def test_settings_without_a_certificate(paths):
    stored(paths, "a.example")
    paths.live("a.example").unlink()
    (standing,) = inventory.find(paths, [])
    assert "no certificate is live" in str(standing.trouble)
    assert standing.settings["names"] == ["a.example"]


def test_what_is_no_lineage_is_passed_over(paths):
    stored(paths, "a.example")
    live = paths.directories.config / "live"
    (live / "README").write_text("")
    (live / "x..y").mkdir()
    (paths.directories.config / "renewal/a.conf").write_text("")
    assert inventory.names(paths) == ["a.example"]


def test_name_that_is_not_there(paths):
    with pytest.raises(UsageError, match=r"no lineage b\.example"):
        list(inventory.find(paths, ["b.example"]))


def test_generations_of_which_a_file_is_missing(paths):
    stored(paths, "a.example", 3)
    (paths.archive("a.example") / "chain2.pem").unlink()
    assert inventory.generations(paths, "a.example") == [1, 3]
