"""The environment, directories, and renewal settings."""

import pytest

from toolkit import config
from toolkit.errors import BadDocument


@pytest.mark.parametrize(
    ("env", "host", "proxy"),
    [
        ({}, "ca.example", None),
        ({"HTTPS_PROXY": "http://p:1"}, "ca.example", "http://p:1"),
        ({"https_proxy": "http://q:1", "HTTPS_PROXY": "http://p:1"}, "ca.example", "http://q:1"),
        ({"HTTPS_PROXY": ""}, "ca.example", None),
        ({"HTTP_PROXY": "http://p:1"}, "ca.example", None),
        ({"HTTPS_PROXY": "p", "NO_PROXY": "ca.example"}, "ca.example", None),
        ({"HTTPS_PROXY": "p", "no_proxy": ".example"}, "CA.example", None),
        ({"HTTPS_PROXY": "p", "no_proxy": "example"}, "ca.example", None),
        ({"HTTPS_PROXY": "p", "no_proxy": "*.example"}, "ca.example", None),
        ({"HTTPS_PROXY": "p", "no_proxy": "a, b *"}, "ca.example", None),
        ({"HTTPS_PROXY": "p", "no_proxy": "a.example"}, "ca.example", "p"),
        ({"HTTPS_PROXY": "p", "no_proxy": "a.example"}, "xa.example", "p"),
        ({"HTTPS_PROXY": "p", "no_proxy": "127.0.0.1"}, "127.0.0.1", None),
    ],
)
def test_proxy(env, host, proxy):
    assert config.proxy_for("https", host, env) == proxy


def test_proxy_header_of_a_web_client_names_no_proxy():
    assert config.proxy_for("http", "ca.example", {"HTTP_PROXY": "p", "REQUEST_METHOD": "GET"}) is None
    assert config.proxy_for("http", "ca.example", {"HTTP_PROXY": "p"}) == "p"


def test_settings_go_to_the_file_and_back(tmp_path):
    path = tmp_path / "renewal/a.yaml"
    wanted = {
        "schema": config.SETTINGS_SCHEMA,
        "names": ["a.example", "*.a.example"],
        "x": {"y": [1, None, True]},
        "n": "no",
    }
    assert config.read_settings(path) is None
    config.write_settings(path, wanted)
    assert config.read_settings(path) == wanted
    assert path.stat().st_mode & 0o777 == 0o600


def test_same_settings_are_not_written_again(tmp_path):
    path = tmp_path / "a.yaml"
    config.write_settings(path, {"schema": config.SETTINGS_SCHEMA, "a": 1})
    path.write_text(path.read_text() + "# mine\n")
    config.write_settings(path, {"schema": config.SETTINGS_SCHEMA, "a": 1})
    assert "# mine" in path.read_text()


@pytest.mark.parametrize(
    "text", ["", "x", "[1]", "a: [", "schema: acme-renewal/2", "\0", "!!python/object/apply:os.getcwd []", "\x80"]
)
def test_bad_settings(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadDocument, match=r"a\.yaml"):
        config.read_settings(path)


def test_directories(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = config.directories("c", "../w")
    assert (found.config, found.work) == (tmp_path / "c", tmp_path.parent / "w")


def test_directories_of_ordinary_users(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/u")
    assert str(config.directories(None, None).config) == "/home/u/.config/letsencrypt"
    monkeypatch.setenv("XDG_STATE_HOME", "/s")
    assert str(config.directories(None, None).work) == "/s/letsencrypt"
