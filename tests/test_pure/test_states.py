"""What a status of the CA means."""

import pytest

from toolkit import states
from toolkit.errors import BadDocument, ProtocolError


@pytest.mark.parametrize("status", ["pending", "ready", "processing", "valid", "invalid", "deactivated"])
def test_order(status):
    assert states.order_status({"status": status}) == status
    assert states.is_over(status, states.ORDER) is (status in ("invalid", "deactivated"))


@pytest.mark.parametrize("status", ["pending", "valid", "invalid", "deactivated", "expired", "revoked"])
def test_authorization(status):
    assert states.authorization_status({"status": status}) == status
    assert states.is_over(status, states.AUTHORIZATION) is (status not in ("pending", "valid"))


@pytest.mark.parametrize(
    "thing", [{}, {"status": None}, {"status": 1}, {"status": []}, {"status": "x\x1b"}, {"status": "Valid"}]
)
def test_unknown(thing):
    for look in (states.order_status, states.authorization_status):
        with pytest.raises(ProtocolError) as caught:
            look(thing)
        assert caught.value.message.isprintable()


@pytest.mark.parametrize("document", [{}, {"order": None}, {"order": []}])
def test_no_order_yet(document):
    with pytest.raises(BadDocument, match="no order"):
        states.require_order(document)
