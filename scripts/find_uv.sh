#!/bin/sh
# Prints the uv to install with: the one on PATH, else the pinned one, installed into .venv/bootstrap by Python $1.
set -eu
cd "$(dirname "$0")/.."

if uv --version >/dev/null 2>&1; then
    echo uv
    exit 0
fi
if ! .venv/bootstrap/bin/uv --version >/dev/null 2>&1; then
    rm -rf .venv/bootstrap
    "$1" -m venv .venv/bootstrap >&2
    .venv/bootstrap/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements/uv.txt >&2
fi
echo .venv/bootstrap/bin/uv
