"""What is wrong with a hook, found out by reading its files."""
