#!/bin/sh
# Prints the path of a Python on which the pinned packages install, or one line that says what is missing.
# SHOPRANK_PYTHON, a command or a path, limits the search to that one.
set -u

fail() {
    echo "shoprank needs $1" >&2
    exit 1
}

# Prints version|missing parts|path. In a virtual environment the path is the Python it was made from, because the
# environment that is active may be the very one that is about to be made anew.
probe='
import importlib.util, os, sys, sysconfig
missing = [] if importlib.util.find_spec("ensurepip") else ["venv"]
if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
    missing.append("dev")
version = "%d.%d" % sys.version_info[:2]
active = sys.prefix != sys.base_prefix
path = os.path.join(sys.base_prefix, "bin", "python" + version) if active else sys.executable
print("|".join([version, " ".join(missing), path]))
'

# Every place where a Python of version $1 may be, one a line, best first.
candidates() {
    if [ -n "${SHOPRANK_PYTHON:-}" ]; then
        echo "$SHOPRANK_PYTHON"
        return
    fi
    printf '%s\n' "python$1" python3
    for directory in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv"; do
        for path in "$directory/versions/$1"*"/bin/python$1"; do
            [ -x "$path" ] && echo "$path"
        done
    done
    UV_PYTHON_DOWNLOADS=never uv python find --no-project --system "$1" 2>/dev/null
}

# Prints the path and ends the script if candidate $1 is a complete Python $2. It is run, not only looked up: a shim
# of a version manager may exist for a version that is not installed.
accept() {
    answer=$("$1" -c "$probe" 2>/dev/null) || return
    parts=${answer#*|}
    [ "${answer%%|*}" = "$2" ] || return
    if [ -z "${parts%%|*}" ]; then
        echo "${parts#*|}"
        exit 0
    fi
    incomplete=${incomplete:-"${parts#*|} is Python $2 without: ${parts%%|*} (Debian and Ubuntu: apt install $(
        for part in ${parts%%|*}; do printf 'python%s-%s ' "$2" "$part"; done
    )g++)"}
}

[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] ||
    fail "Linux on x86_64: its pinned packages have no wheels for $(uname -s) on $(uname -m)"

glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
glibc=${glibc#glibc }
case $glibc in
    2.3[89] | 2.[4-9][0-9]) versions="3.10 3.13 3.12 3.11" ;;
    *) versions="3.10" ;;
esac

incomplete=
for version in $versions; do
    IFS='
'
    for candidate in $(candidates "$version"); do
        unset IFS
        accept "$candidate" "$version"
    done
    unset IFS
done
[ -z "$incomplete" ] || fail "a complete Python: $incomplete"
needs="Python 3.10 (or 3.11-3.13 with glibc 2.38 or newer; this system has ${glibc:-none})"
[ -z "${SHOPRANK_PYTHON:-}" ] || fail "$needs: SHOPRANK_PYTHON=$SHOPRANK_PYTHON is not one"
fail "$needs: install it with \`pyenv install 3.10\` or \`uv python install 3.10\`"
