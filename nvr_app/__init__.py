"""The program: command line, launcher, paths, secrets."""
