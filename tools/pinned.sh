#!/bin/sh
# Make .make/NAME, an environment of its own with the pins of tests/NAME.txt and this
# package, installed as in Colab: without its dependencies.
#     sh tools/pinned.sh NAME [PYTHON…]   with the first of these that is here, else ours
set -eu
cd "$(dirname "$0")/.."
name=$1
shift

wanted() {
    pwd
    cat "tests/$name.txt"
    sed '/^\[project\.urls\]/q' pyproject.toml
}

home=.make/$name
if ! wanted | cmp -s - "$home/made-from"; then
    # A version manager's shim may not run; what it manages does.
    python=.venv/bin/python
    for wish in "$@"; do
        for candidate in "$wish" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/"$wish"; do
            if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
                python=$candidate
                break 2
            fi
        done
    done
    echo "Making $home with the pins of tests/$name.txt on $("$python" --version)"
    rm -rf "$home"
    "$python" -m venv "$home"
    pip="$home/bin/python -m pip --disable-pip-version-check"
    $pip install -qq --no-compile -r "tests/$name.txt"
    $pip install -qq --no-compile --no-deps -e .
    $pip check
    wanted > "$home/made-from"
fi
version=$("$home/bin/python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
[ "${1:-$version}" = "$version" ] ||
    echo "note: no $1 here, so the pins of tests/$name.txt run on $version"
