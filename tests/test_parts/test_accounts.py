"""Account files that certbot reads, and a registration that was cut short."""

import json

import josepy
import pytest

from toolkit.ca.jws import AccountKey
from toolkit.config import Directories
from toolkit.errors import BadDocument, UsageError
from toolkit.store import accounts
from toolkit.store.paths import Paths

SERVER = "https://ca.example:14000/acme/directory"


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


def registered(paths, url="https://ca.example/1"):
    return accounts.save_registration(accounts.save_key(paths, SERVER, AccountKey.generate()), url, {"status": "valid"})


def test_certbot_can_read_it(paths, tmp_path):
    account = registered(paths)
    assert account.directory == tmp_path / "config/accounts/ca.example:14000/acme/directory" / account.id
    jwk = josepy.JWK.json_loads((account.directory / "private_key.json").read_text())
    assert jwk.thumbprint() == account.key().jwk.thumbprint()
    assert json.loads((account.directory / "regr.json").read_text())["uri"] == "https://ca.example/1"
    assert set(json.loads((account.directory / "meta.json").read_text())) >= {"creation_dt", "creation_host"}
    assert (account.directory / "private_key.json").stat().st_mode & 0o777 == 0o400


def test_registration_that_was_cut_short(paths):
    key = AccountKey.generate()
    kept = accounts.save_key(paths, SERVER, key)
    assert accounts.save_key(paths, SERVER, key) == kept
    found = accounts.choose(paths, SERVER, None)
    assert (found.id, found.url) == (kept.id, None)
    assert found.key().thumbprint == key.thumbprint


def test_choice(paths):
    assert accounts.choose(paths, SERVER, None) is None
    first = registered(paths)
    assert accounts.choose(paths, SERVER, None).id == first.id
    second = registered(paths, "https://ca.example/2")
    with pytest.raises(UsageError, match="several"):
        accounts.choose(paths, SERVER, None)
    assert accounts.choose(paths, SERVER, second.id).id == second.id
    assert accounts.choose(paths, SERVER, None, "https://ca.example/2").id == second.id
    with pytest.raises(BadDocument, match="not ours"):
        accounts.choose(paths, SERVER, None, "https://ca.example/3")
    with pytest.raises(UsageError, match="no account"):
        accounts.choose(paths, SERVER, "0" * 32)
    assert accounts.servers(paths) == [SERVER]


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"uri":"x","body":7}'])
def test_bad_registration(paths, text):
    account = registered(paths)
    (account.directory / "regr.json").write_text(text)
    with pytest.raises(BadDocument, match=r"regr\.json"):
        accounts.stored(paths, SERVER)


@pytest.mark.parametrize("text", ["", "x", "{}", '{"kty":"oct","k":"AAAA"}', "[]", '{"kty":"RSA"}'])
def test_bad_key(paths, text):
    account = registered(paths)
    (account.directory / "private_key.json").unlink()
    (account.directory / "private_key.json").write_text(text)
    with pytest.raises(BadDocument, match=r"private_key\.json"):
        account.key()


@pytest.mark.parametrize("server", ["", "x", "https://", "https:///x", "https://ca.example/../../x"])
def test_no_path_from_a_bad_server(paths, server):
    with pytest.raises(UsageError):
        paths.accounts(server)
