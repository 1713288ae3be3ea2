"""Subcommands of nvr, one module each."""
