"""Garbage in: a message, the right status, and the others go on."""

import json

import pytest

from tests.test_flows.commands import Home

COMMANDS = ["acme-order", "acme-csr", "acme-finalize", "acme-install", "acme-challenge"]
GOOD = {"schema": "acme-order/1", "cert_name": "a.example", "names": ["a.example"]}


def arguments(name):
    return ["cleanup", "--standalone"] if name == "acme-challenge" else []


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path, None)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    "text", ["", "\n\n", "{garbage\n", '{"schema":"acme-order/2"}\n', "[1]\n", json.dumps(GOOD)[:-3]]
)
def test_garbage(home, name, text):
    assert home.run(name, *arguments(name), text=text, status=1) == []
    assert home.stderr.startswith(f"{name}: error: ")
    assert len(home.stderr.splitlines()) <= 2


def test_mixed_stream(home):
    bad = {**GOOD, "cert_name": "failed", "error": {"type": "x", "stage": "order"}}
    text = "".join(
        f"{line}\n" for line in (json.dumps(GOOD), "{garbage", json.dumps(bad), json.dumps({**GOOD, "x": "\ud800"}))
    )
    found = home.run("acme-csr", text=text, status=1)
    assert len(found) == 3
    assert "standard input, line 2" in home.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["--no-such"],
        ["-d", ""],
        ["-d", "a_b"],
        ["-d", "a", "--cert-name", "../x"],
        ["--cert-name", "x"],
        ["-d", "a", "file"],
    ],
)
def test_usage(home, args):
    assert home.run("acme-csr", *args, status=2) == []
    assert home.stderr.startswith("acme-csr: error: ")


def test_ca_down_is_try_later(home):
    home.server = ["--server", "https://127.0.0.1:1/directory"]
    found = home.run("acme-order", "-d", "a.example", "--agree-tos", status=75)
    assert found[0]["error"]["type"].endswith("unreachable")


def test_output_file_whole(home):
    home.run("acme-csr", "-d", "a.example", "--output", home.path / "out")
    assert json.loads((home.path / "out").read_text())["csr"]
    home.run("acme-csr", "-d", "a.example", "--output", home.path / "no/out", status=1)
