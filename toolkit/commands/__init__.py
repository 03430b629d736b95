"""One module a command: its options, and a few lines that call the library."""
