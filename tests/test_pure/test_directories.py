"""Short names of CAs."""

import pytest

from toolkit import config
from toolkit.directories import SERVERS, resolve
from toolkit.errors import UsageError


def test_names_lead_to_directories():
    assert resolve("letsencrypt") == config.LETSENCRYPT
    assert resolve("zerossl") == "https://acme.zerossl.com/v2/DV90"
    assert resolve("google-staging") == "https://dv.acme-v02.test-api.pki.goog/directory"


def test_url_stays_what_it_is():
    assert resolve("https://ca.example/dir") == "https://ca.example/dir"


@pytest.mark.parametrize("text", ["", "lets encrypt", "LETSENCRYPT", "ca.example/dir", "letsencrypt\x1b[2J"])
def test_other_words_are_refused(text):
    with pytest.raises(UsageError, match="no CA with the short name") as error:
        resolve(text)
    assert "\x1b" not in error.value.message
    assert "acme-account servers" in error.value.hint


def test_table_is_sound():
    assert len({known.name for known in SERVERS}) == len({known.url for known in SERVERS}) == len(SERVERS)
    assert all(known.url.startswith("https://") and resolve(known.name) == known.url for known in SERVERS)
    assert {need for known in SERVERS for need in known.needs} == {"eab"}
