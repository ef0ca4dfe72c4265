#!/bin/sh
# Make .venv with everything that building and testing the course needs.
# Does nothing when that has been done for this folder and these requirements.
set -eu
cd "$(dirname "$0")/.."

# What the environment depends on: the folder (an editable install holds its path),
# the pins, and the part of pyproject.toml above [project.urls].
wanted() {
    pwd
    cat requirements.txt requirements-dev.txt
    sed '/^\[project\.urls\]/q' pyproject.toml
}

stamp=.venv/made-from
if wanted | cmp -s - "$stamp" && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

# The first Python that runs (a version manager's shim may not) and is 3.11 or newer.
python=
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "The course needs Python 3.11 or newer, and found none: install one, or say make PYTHON=/path/to/python3." >&2
    exit 1
fi

# Debian keeps venv and ensurepip in a package of their own.
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package, which $python needs to make .venv"
        (apt-get update && apt-get install -y --no-install-recommends "$package") >/dev/null 2>&1 || true
    fi
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        echo "$python cannot make a virtual environment: install the package $package (sudo apt-get install $package)." >&2
        exit 1
    fi
fi

echo "Making .venv with $("$python" --version) and the pinned requirements (one to two minutes, once)"
# An environment that was cut short, lost its Python or was copied is no use.
if ! .venv/bin/python -c 'import pip' 2>/dev/null ||
    { [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$(pwd)" ]; }; then
    rm -rf .venv
    "$python" -m venv .venv
fi
rm -f "$stamp"
# Modules are compiled when first used: most never are, and it takes half the time.
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-compile \
    -r requirements-dev.txt
wanted > "$stamp"
