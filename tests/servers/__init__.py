"""Real servers for tests: BIND, Knot, PowerDNS and sshd, on the loopback addresses, for as long as a `with` lasts.

>>> with Bind.start(zones={"example.test": "www A 127.0.0.1"}, keys=[Key.make("acme")]) as server:
...     send_update(server.address, server.port)
...     assert server.txt("_acme-challenge.example.test") == ["value"]
"""
