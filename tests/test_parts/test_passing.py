"""What a hook sees of our environment, and what people see of what it prints."""

import pytest

from toolkit.errors import FileTrouble, UsageError
from toolkit.hooks import passing

OUTER = {
    "PATH": "/bin",
    "HOME": "/root",
    "LC_ALL": "C",
    "TZ": "UTC",
    "https_proxy": "http://proxy.example:3128",
    "CANARY": "canary-secret",
    "ACME_EAB_HMAC_KEY": "eab-secret",
    "CERTBOT_TOKEN": "of another event",
    "RENEWED_LINEAGE": "of another event",
    "LD_PRELOAD": "x.so",
    "PYTHONPATH": "/x",
    "CF_Token": "cloudflare-token",
    "CF_Zone": "abc",
    "BASH_FUNC_x%%": "() { :; }",
}
USUAL = {key: OUTER[key] for key in ("PATH", "HOME", "LC_ALL", "TZ", "https_proxy")}


@pytest.fixture
def env_file(tmp_path):
    def make(text, mode=0o600):
        path = tmp_path / "hook.env"
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    return make


def test_allow_list():
    assert passing.choose(OUTER, ()).variables == USUAL


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (["CF_Zone"], {"CF_Zone": "abc"}),
        (["CF_*"], {"CF_Zone": "abc", "CF_Token": "cloudflare-token"}),
        (["MISSING"], {}),
        (["LD_PRELOAD"], {"LD_PRELOAD": "x.so"}),
        (["LD_*", "PY*"], {}),
        (["ACME_EAB_HMAC_KEY"], {}),
        (["ACME_*"], {}),
    ],
)
def test_what_is_asked_for(names, more):
    found = passing.choose(OUTER, names)
    assert found.variables == {**USUAL, **more}
    assert found.asked == more


@pytest.mark.parametrize("name", ["", "A=b", "A B", "*", "1A", "A*B"])
def test_no_name_of_a_variable(name):
    with pytest.raises(UsageError):
        passing.choose(OUTER, [name])


def test_file(env_file):
    text = "# a comment\n\nA=1\nexport B='two words'\nC=\"x=y\"\n  D= spaced \nE=it's\nF='\n"
    found = passing.choose({}, (), [env_file(text)])
    assert found.asked == {"A": "1", "B": "two words", "C": "x=y", "D": " spaced", "E": "it's", "F": "'"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_file_that_others_may_touch(env_file, mode):
    with pytest.raises(FileTrouble) as caught:
        passing.choose({}, (), [env_file("A=1\n", mode)])
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("text", ["A\n", "A B=1\n", "=1\n", "A=\0\n", "$(id)=1\n"])
def test_file_that_is_no_list(env_file, text):
    with pytest.raises(UsageError, match="line 1"):
        passing.choose({}, (), [env_file(text)])


def test_missing_file(tmp_path):
    with pytest.raises(FileTrouble):
        passing.choose({}, (), [str(tmp_path / "no")])


def test_file_cannot_bring_our_own_secrets_back(env_file):
    assert passing.choose({}, (), [env_file("ACME_EAB_HMAC_KEY=x\n")]).variables == {}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"token cloudflare-token!", b"token [secret]!"),
        (b"zone abc", b"zone abc"),
        (b"> Authorization: Bearer xyz", b"> Authorization: [secret]"),
        (b"x-auth-key: 123", b"x-auth-key: [secret]"),
        (b"\xffcloudflare-token\xff", b"\xff[secret]\xff"),
    ],
)
def test_secrets_are_masked(line, shown):
    assert passing.choose(OUTER, ["CF_*"]).mask(line) == shown


def test_the_longer_secret_is_masked_first():
    found = passing.choose({"A": "secret", "B": "secret-and-more"}, ["A", "B"])
    assert found.mask(b"secret-and-more") == b"[secret]"
