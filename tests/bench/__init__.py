"""How the toolkit compares with the clients people use: the same jobs, the same CA, the same machine.

Run it by `make bench` or `python -m tests.bench`. Nothing here asserts that anything is fast.
"""
