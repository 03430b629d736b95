"""Renewing what is due: which lineage, when, and why; one after the other or several at a time."""
