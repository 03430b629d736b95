"""ACME in small pieces: orders as JSON documents, passed from one command to the next."""

__version__ = "0.1.0"
