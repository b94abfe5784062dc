#!/bin/sh
# Makes .venv: a Python, the packages of its lock file and shoprank itself. Returns at once if that is done already.
set -eu
cd "$(dirname "$0")/.."
log=.venv/setup.log

say() { echo "shoprank set-up: $1"; }

fail() {
    tail -n 15 "$log" >&2
    say "$1; the whole log is in $log" >&2
    exit 1
}

# Where the environment is and what it is made of; console scripts hold absolute paths, so a moved one is made anew.
stamp() {
    pwd
    cat setup.py requirements/*.txt scripts/*.sh | cksum
}

ready() {
    [ -x .venv/bin/python ] && [ -x .venv/bin/shoprank ] && [ "$(cat .venv/.ready 2>/dev/null)" = "$(stamp)" ]
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

# Whether .venv can be brought up to date: finished before (or made by hand), not moved, and of Python version $1.
reusable() {
    [ ! -e .venv/.incomplete ] && [ "$(version_of .venv/bin/python)" = "$1" ] || return 1
    [ ! -e .venv/.ready ] || [ "$(head -n 1 .venv/.ready)" = "$(pwd)" ]
}

lock_of() {
    case $1 in
        3.10) echo requirements/py310.txt ;;
        *) echo requirements/py311.txt ;;
    esac
}

install_all() {
    uv=$(sh scripts/find_uv.sh "$1" 2>>"$log") || fail "installing uv failed"
    "$uv" pip sync --python .venv/bin/python --require-hashes "$2" >>"$log" 2>&1 || fail "installing packages failed"
    # The lock holds setuptools, so that this step needs no network.
    "$uv" pip install --python .venv/bin/python --no-deps --no-build-isolation --editable . >>"$log" 2>&1 ||
        fail "installing shoprank itself failed"
}

if ready; then
    exit 0
fi
python=$(sh scripts/find_python.sh)
version=$(version_of "$python")
c++ --version >/dev/null 2>&1 || g++ --version >/dev/null 2>&1 || {
    echo "shoprank needs a C++ compiler, because pyfarmhash has no wheels (Debian and Ubuntu: apt install g++)" >&2
    exit 1
}

mkdir -p .venv
# Emptied rather than removed: scripts/second_stack.sh mounts a folder there.
reusable "$version" || find .venv/ -mindepth 1 -delete
: >"$log"
: >.venv/.incomplete
rm -f .venv/.ready
say "Python $version at $python"
[ -x .venv/bin/python ] || "$python" -m venv --without-pip .venv >>"$log" 2>&1 || fail "making .venv failed"
lock=$(lock_of "$version")
say "installing $(grep -c '^[a-z0-9].*==' "$lock") pinned packages of $lock (log: $log)"
install_all "$python" "$lock"
stamp >.venv/.ready.new
mv .venv/.ready.new .venv/.ready
rm .venv/.incomplete
say "ready"
