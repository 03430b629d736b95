"""acme.sh's table: what the wrapper is told; test_acmesh_wrapper runs it."""

from pathlib import Path

import pytest

from tests.test_parts.test_dialects.given import PLACE, VALUE, event, issued, one, order, passing
from toolkit.dialects.acmesh import WRAPPER, AcmeSh

HOOK = AcmeSh("dns_cf", "/root/.acme.sh")


def test_acme_sh_sources_the_wrapper():
    call = one(HOOK.auth([event()], PLACE))
    assert call.argv == ("/bin/sh", "/root/.acme.sh/acme.sh", ".", WRAPPER)
    assert Path(WRAPPER).is_file()
    assert call.variables == {
        "_SCRIPT_HOME": "/root/.acme.sh",
        "LE_WORKING_DIR": "/root/.acme.sh",
        "LE_CONFIG_HOME": "/root/.acme.sh",
        "NO_TIMESTAMP": "1",
        "Le_Domain": "example.test",
        "ACMESH_OPERATION": "add",
        "ACMESH_HOOK": "dns_cf",
        "ACMESH_LABEL": "dns_cf",
        "ACMESH_STATE": "/state/hooks/x",
        "ACMESH_CERTIFICATE": "shop",
        "ACMESH_FULLDOMAIN": "_acme-challenge.example.test",
        "ACMESH_TXTVALUE": VALUE,
    }
    assert (call.stdin, call.directory, call.umask, call.fallback) == (None, None, None, None)
    assert (call.outcomes, call.otherwise) == ({0: "done"}, "failed")
    # What the script saves, the wrapper copies: that is no business of ours.
    assert (call.writes, call.removes) == ((), ())


def test_secrets_are_in_the_environment_of_the_hook_only():
    call = one(HOOK.auth([event()], passing(CF_Token="secret")))
    assert "secret" not in "".join([*call.argv, *call.variables.values()])


def test_settings_may_lie_elsewhere():
    call = one(HOOK.auth([event()], passing(LE_CONFIG_HOME="/etc/acme.sh")))
    assert (call.variables["LE_WORKING_DIR"], call.variables["LE_CONFIG_HOME"]) == ("/root/.acme.sh", "/etc/acme.sh")


def test_removal_has_name_and_value_too():
    calls = HOOK.cleanup(order(), PLACE, "", True)
    assert {call.variables["ACMESH_OPERATION"] for call in calls} == {"rm"}
    told = [(call.variables["ACMESH_FULLDOMAIN"], call.variables["ACMESH_TXTVALUE"]) for call in calls]
    assert told == [(e.record_name, e.validation) for e in order()]


def test_names_as_acme_sh_has_them():
    call = one(HOOK.auth([event(target="alias.test", cert_name="", names=())], PLACE))
    assert call.variables["ACMESH_FULLDOMAIN"] == "alias.test"
    assert call.variables["Le_Domain"] == call.variables["ACMESH_CERTIFICATE"] == "example.test"


def test_deploy_has_six_files_and_the_first_name():
    call = one(AcmeSh("/hooks/copies.sh", "/root/.acme.sh").deploy(issued(), PLACE))
    live = "/config/live/shop"
    expected = {
        "ACMESH_OPERATION": "deploy",
        "ACMESH_HOOK": "/hooks/copies.sh",
        "ACMESH_LABEL": "copies",
        "ACMESH_CERTIFICATE": "shop",
        "Le_Domain": "example.test",
        "Le_Alt": "*.example.test,www.example.test",
        "CERT_KEY_PATH": f"{live}/privkey.pem",
        "CERT_PATH": f"{live}/cert.pem",
        "CA_CERT_PATH": f"{live}/chain.pem",
        "CERT_FULLCHAIN_PATH": f"{live}/fullchain.pem",
        "CERT_PFX_PATH": "/state/hooks/x/certificates/shop/shop.pfx",
    }
    assert expected.items() <= call.variables.items()


@pytest.mark.parametrize(
    ("hook", "events"),
    [
        ("dns_cf", ("auth", "cleanup")),
        ("/x/dns_mine.sh", ("auth", "cleanup")),
        ("haproxy", ("deploy",)),
        ("/x/mine.sh", ("deploy",)),
    ],
)
def test_events_follow_from_the_name(hook, events):
    assert AcmeSh(hook, "/root/.acme.sh").events == events
    assert AcmeSh(hook, "/root/.acme.sh").types == ("dns-01",)
    assert not AcmeSh(hook, "/root/.acme.sh").alone
