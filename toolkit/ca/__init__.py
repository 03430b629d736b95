"""The one door to the CA: transport, signed requests, accounts and orders (RFC 8555)."""
