#!/usr/bin/env bash
# A virtual environment of the project's own with everything in it.
set -euo pipefail
venv=$1
python=${PYTHON:-}
for candidate in "$python" python3.14 python3.13 python3.12 python3.11 python3; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
  "$candidate" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' || continue
  python=$candidate
  break
done
[ -n "$python" ] || { echo "Python 3.11 or newer is needed (apt-get install python3 python3-venv)" >&2; exit 1; }
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[gui,dev]'
