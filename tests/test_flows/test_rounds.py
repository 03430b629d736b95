"""Which proofs are held at a time, by what the authenticator can hold."""

import json
from contextlib import contextmanager

import pytest

from tests.test_flows.commands import Home
from toolkit.issuance import presenting
from toolkit.solvers import Solver


def authorization(name, wildcard=False):
    return {"identifier": {"type": "dns", "value": name}, "wildcard": wildcard, "challenges": []}


A, A_STAR, B, C = authorization("a"), authorization("a", True), authorization("b"), authorization("c")


class Holder(Solver):
    def __init__(self, alone=False, one_value=False):
        self.alone, self.one_value = alone, one_value


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [[A, B, A_STAR, C]]),
        ({"alone": True}, [[A], [B], [A_STAR], [C]]),
        ({"one_value": True}, [[A, B, C], [A_STAR]]),
        ({"alone": True, "one_value": True}, [[A], [B], [A_STAR], [C]]),
    ],
)
def test_rounds(how, expected):
    assert presenting.rounds([A, B, A_STAR, C], Holder(**how)) == expected
    assert presenting.rounds([], Holder(**how)) == []


@pytest.fixture
def home(tmp_path, ca):
    return Home(tmp_path, ca)


@contextmanager
def script(home, name, text):
    path = home.path / name
    path.write_text(f"#!/bin/sh\nset -e\n{text}\n")
    path.chmod(0o755)
    yield path


LEGO = """
echo "$1 $2" >>{log}
if [ "$1" = present ]; then
    # It replaces what is there, as scripts for lego may.
    curl -sS -d '{{"host":"'"$2"'"}}' {ca}/clear-txt
    curl -sS -d '{{"host":"'"$2"'","value":"'"$3"'"}}' {ca}/set-txt
fi
"""


def test_one_at_a_time_from_presenting_to_cleaning_up(home):
    log = home.path / "log"
    with script(home, "lego", LEGO.format(log=log, ca=home.ca.challtestsrv)) as path:
        names = ["-d", "one.test", "-d", "*.one.test", "-d", "two.test"]
        home.run("acme-run", "--agree-tos", *names, "--hook", f"lego:{path}", "--check", "skip")
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["present", "cleanup"] * 3
    assert {line.split()[1] for line in lines} == {"_acme-challenge.one.test.", "_acme-challenge.two.test."}


def test_a_stage_alone_cannot_hold_several(home):
    ordered = home.run("acme-order", "--agree-tos", "-d", "h1.test", "-d", "h2.test")
    with script(home, "lego", "exit 0") as path:
        hook = ["--hook", f"lego:{path}", "--check", "skip"]
        home.run("acme-challenge", "present", *hook, text=json.dumps(ordered[0]) + "\n", status=2)
    assert "one name at a time" in home.stderr
    assert "all four stages" in home.stderr


def test_second_round_fails_and_the_first_one_stays_proven(home):
    log = home.path / "log"
    text = LEGO.format(log=log, ca=home.ca.challtestsrv) + f"[ $(grep -c present {log}) -ne 2 ]"
    names = ["-d", "r1.test", "-d", "r2.test"]
    with script(home, "lego", text) as path:
        home.run("acme-run", "--agree-tos", *names, "--hook", f"lego:{path}", "--check", "skip", status=1)
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["present", "cleanup"] * 2


CHAIN = """
echo "$@" >>{log}
[ "$1" = deploy_challenge ] || exit 0
shift
while [ $# -gt 0 ]; do
    curl -sS -d '{{"host":"_acme-challenge.'"$1"'.","value":"'"$3"'"}}' {ca}/set-txt
    shift 3
done
"""


def test_all_in_one_call(home):
    log = home.path / "log"
    with script(home, "chain", CHAIN.format(log=log, ca=home.ca.challtestsrv)) as path:
        names = ["-d", "c1.test", "-d", "*.c1.test", "-d", "c2.test"]
        more = ["--preferred-challenges", "dns", "--check", "skip"]
        home.run("acme-run", "--agree-tos", *names, "--hook", f"dehydrated-chain:{path}", *more)
    found = {line.split()[0]: line.split()[1:] for line in log.read_text().splitlines()}
    assert len(found["deploy_challenge"]) == 9
    assert found["clean_challenge"] == found["deploy_challenge"]
    assert not list((home.path / "work/journal").iterdir())


def test_all_in_one_call_that_fails_is_cleaned_up(home):
    log = home.path / "log"
    with script(home, "chain", f'echo "$1" >>{log}\n[ "$1" != deploy_challenge ]') as path:
        names = ["-d", "cf1.test", "-d", "cf2.test"]
        more = ["--preferred-challenges", "dns", "--check", "skip"]
        home.run("acme-run", "--agree-tos", *names, "--hook", f"dehydrated-chain:{path}", *more, status=1)
    assert log.read_text().splitlines()[-3:-1] == ["deploy_challenge", "clean_challenge"]
    assert log.read_text().splitlines()[-1] == "exit_hook"


UACME = """
echo "$1 $2" >>{log}
case $1 in
begin)
    [ "$2" = dns-01 ] || exit 1
    curl -sS -d '{{"host":"_acme-challenge.'"$3"'.","value":"'"$5"'"}}' {ca}/set-txt ;;
esac
"""


def test_types_that_are_declined(home):
    log = home.path / "log"
    with script(home, "uacme", UACME.format(log=log, ca=home.ca.challtestsrv)) as path:
        home.run("acme-run", "--agree-tos", "-d", "u.test", "--hook", f"uacme:{path}", "--check", "skip")
    lines = log.read_text().splitlines()
    assert lines[-2:] == ["begin dns-01", "done dns-01"]
    assert all(line.split()[0] == "begin" for line in lines[:-1])


def test_every_type_is_declined(home):
    with script(home, "uacme", "exit 1") as path:
        more = ["--hook", f"uacme:{path}", "--check", "skip"]
        home.run("acme-run", "--agree-tos", "-d", "ud.test", *more, status=1)
    assert "declines every challenge for ud.test" in home.stderr
    assert not list((home.path / "work/journal").iterdir())
