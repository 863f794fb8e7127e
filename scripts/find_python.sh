#!/usr/bin/env bash
# Prints the path of a Python that is new enough, or says what to install.
set -euo pipefail
for name in python3 python3.14 python3.13 python3.12 python3.11; do
  if path="$(command -v "$name" 2>/dev/null)" &&
    "$path" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "$path"
    exit 0
  fi
done
echo "Tongbao needs Python 3.11 or newer. On Debian or Ubuntu: apt-get install python3 python3-venv" >&2
exit 3
