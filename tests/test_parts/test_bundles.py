"""Exports, as OpenSSL reads them."""

import subprocess

import pytest

from tests.test_parts.test_changes import stored
from toolkit.config import Directories
from toolkit.errors import UsageError
from toolkit.installers import bundles
from toolkit.store import lineages
from toolkit.store.paths import Paths


@pytest.fixture
def lineage(tmp_path):
    paths = Paths(Directories(tmp_path / "config", tmp_path / "work"))
    stored(paths, "a.example", 1)
    return lineages.current(paths, "a.example")


def openssl(*args):
    done = subprocess.run(["openssl", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pem(lineage, tmp_path):
    path = tmp_path / "x.pem"
    bundles.write(lineage, "pem", path, None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert openssl("x509", "-in", path, "-noout", "-pubkey") == openssl("pkey", "-in", path, "-pubout")
    assert path.read_text().count("BEGIN CERTIFICATE") == 2


def test_der(lineage, tmp_path):
    path = tmp_path / "x.der"
    bundles.write(lineage, "der", path, None)
    assert path.stat().st_mode & 0o777 == 0o644
    assert openssl("x509", "-inform", "der", "-in", path) == (lineage.live / "cert.pem").read_text()


@pytest.mark.parametrize("form", ["pkcs12", "pkcs12-legacy"])
def test_pkcs12(lineage, tmp_path, form):
    path = tmp_path / "x.p12"
    bundles.write(lineage, form, path, b"pass word")
    assert path.stat().st_mode & 0o777 == 0o600
    legacy = ["-legacy"] if form == "pkcs12-legacy" else []
    out = openssl("pkcs12", "-in", path, "-passin", "pass:pass word", "-nodes", *legacy)
    assert out.count("BEGIN CERTIFICATE") == 2
    assert "friendlyName: a.example" in out
    (tmp_path / "out.pem").write_text(out)
    assert openssl("x509", "-in", tmp_path / "out.pem") == (lineage.live / "cert.pem").read_text()
    info = subprocess.run(
        ["openssl", "pkcs12", "-in", path, "-passin", "pass:pass word", "-noout", "-info", *legacy],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("3-KeyTripleDES" in info.stderr) is (form == "pkcs12-legacy")


def test_pkcs12_without_a_password(lineage, tmp_path):
    bundles.write(lineage, "pkcs12", tmp_path / "x.p12", None)
    openssl("pkcs12", "-in", tmp_path / "x.p12", "-passin", "pass:", "-nodes")
    with pytest.raises(UsageError, match="need a password"):
        bundles.write(lineage, "pkcs12-legacy", tmp_path / "y.p12", None)


def test_password_where_there_is_none(lineage, tmp_path):
    with pytest.raises(UsageError, match="has no password"):
        bundles.write(lineage, "pem", tmp_path / "x.pem", b"x")


def test_file_that_is_there_keeps_its_access(lineage, tmp_path):
    path = tmp_path / "x.pem"
    path.touch(0o640)
    path.chmod(0o640)
    bundles.write(lineage, "pem", path, None)
    assert path.stat().st_mode & 0o777 == 0o640
