#!/bin/sh
# Prints a Python that can run the project and make virtual environments.
#   find_python.sh        3.12 if there is one, else any from 3.11 on; the variable PYTHON overrides
#   find_python.sh 3.11   exactly that version, or nothing and exit status 1
set -u

usable() {
    "$1" -c "import sys, venv, ensurepip; v = sys.version_info[:2]
sys.exit(not (v == tuple(map(int, '$2'.split('.'))) if '$2' else v >= (3, 11)))" >/dev/null 2>&1
}

pyenv="${PYENV_ROOT:-$HOME/.pyenv}/versions"

if [ $# -gt 0 ]; then
    for candidate in "${PYTHON:-}" "python$1" "$pyenv/$1".*/bin/python python3 python; do
        if [ -n "$candidate" ] && usable "$candidate" "$1"; then echo "$candidate"; exit 0; fi
    done
    exit 1
fi

if [ -n "${PYTHON:-}" ]; then
    if usable "$PYTHON" ""; then echo "$PYTHON"; exit 0; fi
    echo "PYTHON=$PYTHON is not Python 3.11 or newer with the venv module." >&2
    exit 1
fi

for candidate in python3.12 "$pyenv"/3.12.*/bin/python python3.11 "$pyenv"/3.11.*/bin/python \
    python3.13 python3 python "$pyenv"/3.1[3-9].*/bin/python; do
    if usable "$candidate" ""; then echo "$candidate"; exit 0; fi
done

cat >&2 <<'EOF'
No Python 3.11 or newer with the venv module was found.
Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12 …
EOF
exit 1
