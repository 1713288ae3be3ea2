"""`python -m nvr_app` is the command `nvr`."""

from __future__ import annotations

from nvr_app.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
