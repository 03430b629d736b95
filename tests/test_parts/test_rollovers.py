"""A change of an account's key on disk: when it is cut short, one account is there, with all keys that may be valid."""

import pytest

from toolkit import files
from toolkit.ca.jws import AccountKey
from toolkit.config import Directories
from toolkit.errors import BadDocument, FileTrouble
from toolkit.store import accounts, rollovers
from toolkit.store.paths import Paths

SERVER = "https://ca.example/directory"
URL = "https://ca.example/1"


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


@pytest.fixture
def account(paths):
    return accounts.save_registration(accounts.save_key(paths, SERVER, AccountKey.generate()), URL, {"status": "valid"})


def thumbprints(account):
    next_key = rollovers.pending(account)
    return account.key().thumbprint, next_key and next_key.thumbprint


def test_both_keys_are_kept_until_one_is_adopted(paths, account):
    old, new = account.key(), AccountKey.generate()
    rollovers.begin(account, new)
    assert accounts.stored(paths, SERVER) == [account]
    assert thumbprints(account) == (old.thumbprint, new.thumbprint)
    assert (account.directory / "next_private_key.json").stat().st_mode & 0o777 == 0o400
    adopted = rollovers.adopt(paths, account)
    assert accounts.stored(paths, SERVER) == [adopted]
    assert (adopted.id, adopted.url) == (accounts.account_id(new), URL)
    assert thumbprints(adopted) == (new.thumbprint, None)
    assert (adopted.directory / "private_key.json").stat().st_mode & 0o777 == 0o400


def test_adoption_that_was_cut_short_goes_on(paths, account, monkeypatch):
    old, new = account.key(), AccountKey.generate()
    rollovers.begin(account, new)
    move, moved = files.move, []

    def once(path, target):
        if moved:
            raise FileTrouble("killed")
        moved.append(move(path, target))

    monkeypatch.setattr(files, "move", once)
    with pytest.raises(FileTrouble):
        rollovers.adopt(paths, account)
    monkeypatch.undo()
    [found] = accounts.stored(paths, SERVER)
    assert rollovers.is_pending(found)
    assert thumbprints(found) == (old.thumbprint, new.thumbprint)
    adopted = rollovers.adopt(paths, found)
    assert accounts.stored(paths, SERVER) == [adopted]
    assert thumbprints(adopted) == (new.thumbprint, None)


def test_key_that_the_ca_does_not_want_is_forgotten(paths, account):
    rollovers.begin(account, AccountKey.generate())
    rollovers.forget(account)
    assert not rollovers.is_pending(account)
    with pytest.raises(FileTrouble, match="is gone"):
        rollovers.adopt(paths, account)


def test_next_key_that_is_none(account):
    (account.directory / "next_private_key.json").write_text("{}")
    with pytest.raises(BadDocument, match="next_private_key"):
        rollovers.pending(account)


def test_retired_account_is_none_of_ours_and_keeps_its_key(paths, account):
    key = account.key()
    rollovers.retire(account)
    assert accounts.stored(paths, SERVER) == []
    assert accounts.servers(paths) == []
    kept = (account.directory / "retired_private_key.json").read_text()
    assert AccountKey.from_json(kept, "kept").thumbprint == key.thumbprint
