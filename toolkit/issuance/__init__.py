"""The flow of one certificate, a stage a module: order, challenge, finalize, install.

Every stage takes an order document, changes it in place, and may be run again on what it left.
"""
