"""The httpreq dialects are the shipped hook, told where and how."""

import json

from tests.test_parts.test_dialects.given import PLACE, THUMBPRINT, TOKEN, VALUE, event, one
from toolkit.dialects.httpreq import Httpreq

HOOK = Httpreq("https://dns.test/acme", False, "/share/httpreq")


def test_the_shipped_hook_gets_the_endpoint():
    call = one(HOOK.auth([event(target="elsewhere.test")], PLACE))
    assert call.argv == ("/share/httpreq/auth",)
    assert call.variables["HTTPREQ_ENDPOINT"] == "https://dns.test/acme"
    assert call.variables["ACME_RECORD_NAME"] == "elsewhere.test"
    assert call.variables["CERTBOT_VALIDATION"] == VALUE
    assert "HTTPREQ_MODE" not in call.variables
    assert one(HOOK.cleanup([event()], PLACE, "", True)).argv == ("/share/httpreq/cleanup",)


def test_raw_gets_token_and_key_authorization_on_standard_input():
    call = one(Httpreq("https://dns.test", True, "/share/httpreq").cleanup([event()], PLACE, "", True))
    assert call.variables["HTTPREQ_MODE"] == "RAW"
    record = json.loads(call.stdin)
    assert record["event"] == "cleanup"
    assert (record["identifier"], record["token"]) == ("example.test", TOKEN)
    assert record["key_authorization"] == f"{TOKEN}.{THUMBPRINT}"


def test_endpoint_of_the_users_environment_stays():
    assert "HTTPREQ_ENDPOINT" not in one(Httpreq("", False, "/share/httpreq").auth([event()], PLACE)).variables


def test_several_at_once_and_dns_only():
    assert not HOOK.alone
    assert HOOK.types == ("dns-01",)
    assert HOOK.events == ("auth", "cleanup")
