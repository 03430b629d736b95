"""Code, page and schema name the same keys of the order document."""

import json
import os
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

from toolkit import document

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "toolkit" / "order.schema.json").read_text())
CODE = {"schema", "names", *document._TEXT, *document._OBJECTS, *document._LISTS}


def on_the_page():
    """The entries of the first list of the page."""
    text = (ROOT / "man" / "acme-order-document.5").read_text().partition(".Ss ")[0]
    entries = re.findall(r"^\.It Li (.*)$", text, re.MULTILINE)
    return {key for entry in entries for key in entry.split(" , ")}


def test_keys_of_the_schema():
    assert set(SCHEMA["properties"]) == CODE


def test_keys_of_the_page():
    assert on_the_page() == CODE


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("keys", "wrong"), [("_TEXT", 1), ("_OBJECTS", []), ("_LISTS", {})])
def test_schema_refuses_what_the_code_refuses(keys, wrong):
    for key in getattr(document, keys):
        made = {**document.new(["example.com"]), key: wrong}
        with pytest.raises(document.BadDocument):
            document.check(dict(made))
        assert not is_valid(made)


def is_valid(found):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(found)


def run(ca, tmp_path, name, *args, given="", status=0):
    """A command of bin/ at the test CA; its output must be documents of the schema."""
    known = {key: value for key, value in os.environ.items() if not key.startswith("ACME_")}
    env = known | {
        "ACME_SERVER": ca.directory,
        "ACME_CA_BUNDLE": str(ca.ca_bundle),
        "ACME_HTTP_01_PORT": str(ca.http_port),
        "ACME_CONFIG_DIR": str(tmp_path / "config"),
        "ACME_WORK_DIR": str(tmp_path / "work"),
    }
    done = subprocess.run(
        [ROOT / "bin" / name, *args],
        input=given,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == status, done.stderr
    for line in done.stdout.splitlines():
        jsonschema.validate(json.loads(line), SCHEMA, cls=jsonschema.Draft202012Validator)
        assert set(json.loads(line)) <= CODE
    return done.stdout


def test_documents_of_a_whole_flow_are_valid(ca, tmp_path):
    requested = run(ca, tmp_path, "acme-csr", "-d", "keys.example.test")
    ordered = run(ca, tmp_path, "acme-order", "--agree-tos", given=requested)
    ready = run(ca, tmp_path, "acme-challenge", "--standalone", given=ordered)
    issued = run(ca, tmp_path, "acme-finalize", given=ready)
    installed = run(ca, tmp_path, "acme-install", "--deploy-hook", "true", given=issued)
    assert json.loads(installed)["deployed"][0]["ok"]


def test_a_failed_document_is_valid(ca, tmp_path):
    ordered = run(ca, tmp_path, "acme-order", "--agree-tos", "-d", "failed.example.test")
    failed = run(ca, tmp_path, "acme-challenge", "--manual-auth-hook", "exit 1", given=ordered, status=1)
    assert json.loads(failed)["error"]["stage"] == "present"


def test_a_presented_document_is_valid(ca, tmp_path):
    ordered = run(ca, tmp_path, "acme-order", "--agree-tos", "-d", "presented.example.test")
    presented = run(ca, tmp_path, "acme-challenge", "present", "-w", str(tmp_path), given=ordered)
    assert json.loads(presented)["presented"]
