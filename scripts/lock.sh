#!/bin/sh
# Pins every package of both stacks, with hashes, from the extras of setup.py. Pins stay unless setup.py moves them;
# any arguments go to `uv pip compile`, such as --upgrade or --upgrade-package NAME.
set -eu
cd "$(dirname "$0")/.."
uv=$(sh scripts/find_uv.sh .venv/bin/python)

compile() {
    "$uv" pip compile --quiet --generate-hashes --custom-compile-command "make lock" "$@" >/dev/null
}

extras="--extra pipeline --extra serving --extra gateway --extra demo --extra datasets --extra kubeflow --extra privacy --extra docs --extra dev"
# shellcheck disable=SC2086
compile setup.py $extras --python-version 3.10 --python-platform x86_64-manylinux_2_17 \
    --output-file requirements/py310.txt "$@"
# One lock serves three Pythons, so it is resolved with markers for the systems that pyproject.toml names.
# shellcheck disable=SC2086
compile setup.py $extras --python-version 3.11 --universal --output-file requirements/py311.txt "$@"
# The peers of the benchmarks; obp asks for packages that it hardly uses, so it is installed without any.
compile requirements/bench.in --python-version 3.10 --python-platform x86_64-manylinux_2_28 \
    --output-file requirements/bench.txt "$@"
compile requirements/bench_obp.in --no-deps --python-version 3.10 --output-file requirements/bench_obp.txt "$@"
compile requirements/uv.in --python-version 3.10 --universal --output-file requirements/uv.txt "$@"
