#!/bin/sh
# Makes .venv, or brings it up to requirements.lock. `make` calls it when the lock or pyproject.toml changed.
# PYTHON names the interpreter to start from. Any packages you added to .venv yourself stay.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
python=$venv/bin/python

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.14 python3 python; do
        if is_new_enough "$candidate"; then
            [ "$candidate" = "${PYTHON:-python3}" ] || echo "${PYTHON:-python3} is not Python 3.11 or newer: using $candidate." >&2
            echo "$candidate"
            return
        fi
    done
    echo "genmux needs Python 3.11 or newer, and none was found." >&2
    echo "Install one, or say where it is: make PYTHON=/path/to/python3.12" >&2
    exit 1
}

if ! is_new_enough "$python"; then
    base=$(find_python)
    echo "Making $venv with $("$base" --version) ..."
    if ! "$base" -m venv --clear "$venv"; then
        echo "$base cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
fi

# uv installs about five times faster than pip. Both verify every hash; where uv cannot reach
# its registry (it does not read pip's configuration), pip does the same work.
with_uv() {
    wanted=$venv/uv.lock
    awk '/^uv==/ {found = 1} found {print; if (!/\\$/) exit}' requirements.lock >"$wanted"
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$wanted" 2>/dev/null &&
        "$venv/bin/uv" pip install --quiet --python "$python" --require-hashes -r requirements.lock 2>/dev/null
}

with_pip() {
    echo "uv cannot fetch them here; pip can, and takes about a minute ..."
    "$python" -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
}

echo "Installing the packages of requirements.lock (once; about 250 MB to fetch) ..."
with_uv || with_pip
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
touch "$venv/.stamp"
echo "The environment is ready: $venv"
