#!/bin/sh
# Unit tests on the oldest releases that pyproject.toml allows, in an environment of
# their own: .make/floors. Colab has ipywidgets 7.7.1.
set -eu
cd "$(dirname "$0")/.."

floors=.make/floors
if ! cmp -s tests/floors.txt "$floors/made-from"; then
    echo "Making $floors with the oldest releases"
    rm -rf "$floors"
    .venv/bin/python -m venv "$floors"
    "$floors/bin/python" -m pip install -qq --disable-pip-version-check -r tests/floors.txt
    cp tests/floors.txt "$floors/made-from"
fi
# What ipywidgets 7 does in ways that its own foundations have left behind since.
"$floors/bin/python" -m pytest tests --ignore=tests/browser -p no:cacheprovider \
    -W 'ignore:Deprecated in traitlets 4.1:DeprecationWarning' \
    -W 'ignore:The `ipykernel.comm.Comm` class:DeprecationWarning'
