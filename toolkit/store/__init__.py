"""What lasts: accounts, private keys and lineages, in certbot's layout (man acme-toolkit, FILES)."""
