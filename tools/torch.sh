#!/bin/sh
# Add the CPU build of PyTorch to .venv, for the comparisons with it.
# A plain "pip install torch" on Linux brings gigabytes of CUDA, so there the wheel is
# asked for as "+cpu": from a folder of wheels if pip knows one, else from PyTorch's index.
set -eu
cd "$(dirname "$0")/.."

version=2.13.0
index=https://download.pytorch.org/whl/cpu
python=.venv/bin/python
pip="$python -m pip install -qq --disable-pip-version-check --no-compile"

found=$("$python" -c '
from importlib import metadata
try:
    print(metadata.version("torch").partition("+")[0])
except metadata.PackageNotFoundError:
    print("none")
')
[ "$found" = "$version" ] && exit 0

log=$(mktemp)
trap 'rm -f "$log"' EXIT

echo "Adding PyTorch $version for the CPU (about 200 MB, once)"
if [ "$(uname -s)" = Linux ]; then
    wheel="torch==$version+cpu"
    $pip --no-deps --no-index "$wheel" >"$log" 2>&1 ||
        $pip --no-deps --index-url "$index" --retries 2 --timeout 20 "$wheel" >"$log" 2>&1 || {
        echo "PyTorch $version (CPU) could not be had from $index: $(grep -m 1 '^ERROR' "$log" || tail -n 1 "$log")" >&2
        echo "Download the wheel elsewhere and say: make torch PIP_FIND_LINKS=/its/folder" >&2
        exit 1
    }
else
    wheel="torch==$version"
fi
# The wheel is there on Linux; what it depends on comes from the usual index.
if ! $pip "$wheel" >"$log" 2>&1; then
    echo "PyTorch $version could not be installed: $(grep -m 1 '^ERROR' "$log" || tail -n 1 "$log")" >&2
    exit 1
fi
