"""From what a user wrote to the hook it means."""

import os

import pytest

from toolkit.config import Directories
from toolkit.errors import UsageError
from toolkit.hooks import locate
from toolkit.store.paths import Paths


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


@pytest.fixture
def search(paths, tmp_path):
    return locate.search_path(paths, str(tmp_path / "mine"), {"HOME": str(tmp_path)})


def directory(path, *events, mode=0o755, challenges=None):
    path.mkdir(parents=True)
    for event in events:
        (path / event).write_text("#!/bin/sh\n")
        (path / event).chmod(mode)
    if challenges is not None:
        (path / "challenges").write_text(challenges)
    return path


def script(path, text="", mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


def test_directory_by_name(search, tmp_path):
    made = directory(tmp_path / "config/hooks/dns", "auth", "cleanup", challenges="dns-01\n")
    found = locate.locate("dns", search, "auth")
    assert (found.name, found.identity, found.origin) == ("dns", str(made), "CONFIG/hooks")
    assert found.dialect.events == ("auth", "cleanup")
    assert found.dialect.types == ("dns-01",)
    assert found.files == (made / "auth", made / "challenges", made / "cleanup")


def test_the_first_of_the_search_path(search, tmp_path):
    directory(tmp_path / "config/hooks/x", "auth")
    made = directory(tmp_path / "mine/x", "auth")
    assert locate.locate("x", search).identity == str(made)


def test_name_with_a_slash_that_the_search_path_has(search):
    assert locate.locate("examples/http", search, "auth").origin == "checkout"


@pytest.mark.parametrize("spec", ["./here", "{tmp}/here", "~/here", "certbot:./here", "certbot:{tmp}/here"])
def test_path(search, tmp_path, monkeypatch, spec):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    made = directory(tmp_path / "here", "auth")
    assert locate.locate(spec.format(tmp=tmp_path), search, "auth").identity == str(made)


@pytest.mark.parametrize(
    ("spec", "dialect"),
    [
        ("certbot:{p}", "certbot"),
        ("dehydrated:{p}", "dehydrated"),
        ("dehydrated-chain:{p}", "dehydrated"),
        ("lego:{p}", "lego"),
        ("lego-raw:{p}", "lego"),
        ("uacme:{p}", "uacme"),
    ],
)
def test_dialect_that_is_named(search, tmp_path, spec, dialect):
    made = script(tmp_path / "script")
    found = locate.locate(spec.format(p=made), search)
    assert found.dialect.name == dialect
    assert found.files == (made,)
    assert "called" in found.why


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("deploy_challenge() { :; }", "dehydrated"),
        ('echo "$CERTBOT_DOMAIN"', "certbot"),
        ('case "$1" in present) ;; cleanup) ;; esac', "lego"),
        ('case "$1" in begin) ;; done) ;; failed) ;; esac', "uacme"),
        ("true", "certbot"),
    ],
)
def test_dialect_that_the_script_tells(search, tmp_path, text, dialect):
    found = locate.locate(str(script(tmp_path / "script", text)), search)
    assert found.dialect.name == dialect
    assert found.why


def test_script_of_acme_sh(search, tmp_path):
    script(tmp_path / ".acme.sh/acme.sh")
    found = locate.locate("acmesh:dns_x", search, "auth")
    assert found.name == "dns_x"
    assert found.files[0] == tmp_path / ".acme.sh/acme.sh"


def test_no_acme_sh(search):
    with pytest.raises(UsageError) as caught:
        locate.locate("acmesh:dns_x", search)
    assert "LE_WORKING_DIR" in caught.value.hint


def test_server_of_httpreq(search):
    found = locate.locate("httpreq:https://dns.example/x", search, "auth")
    assert found.dialect.name == "httpreq"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nosuch", "no hook nosuch in"),
        ("./nosuch", "no hook ./nosuch at"),
        ("", "no name of a hook"),
        ("../../etc", "no hook"),
        ("dehydrated:{tmp}/here", "is a directory"),
        ("\0", "no name of a hook"),
        ("{tmp}/empty", "is no hook"),
        ("{tmp}/plain", "not executable"),
        ("{tmp}/odd", "no challenge type"),
        ("{tmp}/none", "no challenge type"),
    ],
)
def test_errors_that_say_what_to_do(search, tmp_path, spec, says):
    directory(tmp_path / "here", "auth")
    directory(tmp_path / "empty")
    directory(tmp_path / "plain", "auth", mode=0o644)
    directory(tmp_path / "odd", "auth", challenges="smtp-01")
    directory(tmp_path / "none", "auth", challenges="\n")
    with pytest.raises(UsageError, match=says):
        locate.locate(spec.format(tmp=tmp_path), search)


def test_event_that_it_does_not_serve(search, tmp_path):
    directory(tmp_path / "mine/only", "deploy")
    with pytest.raises(UsageError) as caught:
        locate.locate("only", search, "auth")
    assert "only has no auth" in caught.value.message
    assert "deploy" in caught.value.hint


def test_everything(search, tmp_path):
    directory(tmp_path / "mine/b", "auth")
    directory(tmp_path / "mine/a", "deploy")
    directory(tmp_path / "config/hooks/a", "auth")
    directory(tmp_path / "mine/sub/c", "auth")
    (tmp_path / "mine/file").write_text("")
    directory(tmp_path / "mine/broken", "auth", mode=0o644)
    everything = list(locate.everything(search))
    found = [(name, origin) for name, origin, _ in everything]
    assert found[:4] == [(name, "--hooks-dir") for name in ("a", "b", "broken", "sub/c")]
    assert "not executable" in str(everything[2][2])
    assert everything[0][2].name == "a"
    assert ("examples/http", "checkout") in found
    assert [name for name, _ in found].count("a") == 1


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("name", "name"),
        ("./here", "{cwd}/here"),
        ("lego:../x", "lego:{cwd}/../x"),
        ("dehydrated:name", "dehydrated:name"),
        ("httpreq:https://a/b", "httpreq:https://a/b"),
        ("/abs", "/abs"),
        ("examples/http", "examples/http"),
        ("there/x", "{cwd}/there/x"),
    ],
)
def test_absolute(tmp_path, monkeypatch, spec, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there/x").touch()
    assert locate.absolute(spec) == expected.format(cwd=tmp_path)


def test_lines_for_the_shell():
    one = locate.of_lines({"auth": "/opt/hook auth", "cleanup": "/opt/hook cleanup"})
    other = locate.of_lines({"auth": "/opt/hook other"})
    assert (one.name, other.name) == ("hook", "hook")
    assert one.identity != other.identity, "each has a state of its own"
    assert {str(path) for path in one.files} == {"/opt/hook"}
    assert locate.of_lines({"auth": "true"}).files == ()
    assert locate.of_lines({"auth": " "}).name == "manual"
    assert not any(os.path.isabs(path) for path in locate.of_lines({"auth": "a=b c"}).files)
