#!/bin/sh
# Makes .venv-bench: the packages that the benchmarks compare with, pinned. Returns at once if that is done already.
# They have an environment of their own, because they need other versions than shoprank does.
set -eu
cd "$(dirname "$0")/.."
environment=.venv-bench
log=$environment/setup.log

say() { echo "shoprank benchmark set-up: $1"; }

fail() {
    tail -n 15 "$log" >&2
    say "$1; the whole log is in $log" >&2
    exit 1
}

# Where the environment is and what it is made of.
stamp() {
    pwd
    cat requirements/bench.txt requirements/bench_obp.txt scripts/setup_benchmarks.sh | cksum
}

ready() {
    [ -x $environment/bin/python ] && [ "$(cat $environment/.ready 2>/dev/null)" = "$(stamp)" ]
}

install_all() {
    uv=$(sh scripts/find_uv.sh "$1" 2>>"$log") || fail "installing uv failed"
    "$uv" pip sync --python $environment/bin/python --require-hashes requirements/bench.txt >>"$log" 2>&1 ||
        fail "installing packages failed"
    # obp pins torch and an older NumPy; the estimators that are compared need neither.
    "$uv" pip install --python $environment/bin/python --no-deps --no-build-isolation --require-hashes \
        --requirements requirements/bench_obp.txt >>"$log" 2>&1 || fail "installing obp failed"
}

if ready; then
    exit 0
fi
python=$(sh scripts/find_python.sh)
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$version" = 3.10 ] || {
    say "needs Python 3.10, the newest that obp installs on; found $python" >&2
    exit 1
}

rm -rf $environment
mkdir $environment
: >"$log"
say "Python $version at $python"
"$python" -m venv --without-pip $environment >>"$log" 2>&1 || fail "making $environment failed"
count=$(cat requirements/bench.txt requirements/bench_obp.txt | grep -c '^[a-z0-9].*==')
say "installing $count pinned packages of requirements/bench.txt and requirements/bench_obp.txt (log: $log)"
install_all "$python"
stamp >$environment/.ready.new
mv $environment/.ready.new $environment/.ready
say "ready"
