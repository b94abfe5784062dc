#!/bin/sh
# Runs a command of this repository on the second stack, in a Debian 13 root with Python 3.13, on a system whose glibc
# is too old for it:
#   sh scripts/second_stack.sh make test
# The root is made at first use (800 MB, and 4 GB of packages), in SHOPRANK_SECOND_STACK or the user's cache folder.
# The command sees this working tree at its own path, but has .venv and runs of its own; it needs root, for chroot.
set -eu
cd "$(dirname "$0")/.."
tree=$(pwd)
home=${SHOPRANK_SECOND_STACK:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/shoprank/second-stack}
root=$home/root
log=$home/setup.log
suite=trixie
packages=ca-certificates,python3.13,python3.13-venv,python3.13-dev,g++,make,git,procps
authorities=/etc/ssl/certs/ca-certificates.crt
mirror=${SHOPRANK_DEBIAN_MIRROR:-http://deb.debian.org/debian}

say() { echo "shoprank second stack: $1" >&2; }

fail() {
    say "$1"
    exit 1
}

need_debootstrap() {
    command -v debootstrap >/dev/null 2>&1 && return
    { apt-get update && apt-get install -y --no-install-recommends debootstrap debian-archive-keyring gpgv; } \
        </dev/null >>"$log" 2>&1 ||
        fail "debootstrap is missing and could not be installed; the log is $log"
}

# A root that debootstrap did not finish is begun anew: it is renamed into its place when it is whole.
make_root() {
    [ -d "$root" ] && return
    need_debootstrap
    say "making a Debian 13 root in $root (log: $log)"
    rm -rf --one-file-system "$root.new"
    debootstrap --force-check-gpg --variant=minbase --include="$packages" "$suite" "$root.new" "$mirror" >>"$log" 2>&1 ||
        fail "debootstrap failed; the log is $log"
    mv "$root.new" "$root"
}

# The network as this system reaches it: its names and the authorities that it trusts.
share_network() {
    for file in /etc/resolv.conf /etc/hosts "$authorities"; do
        [ ! -e "$file" ] || cp -L "$file" "$root$file"
    done
}

bind() {
    mkdir -p "$1" "$root$2"
    mount --bind "$1" "$root$2"
}

# Runs in a mount namespace of its own, so that nothing stays mounted however the command ends.
enter() {
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    bind "$tree" "$tree"
    bind "$home/venv" "$tree/.venv"
    bind "$home/runs" "$tree/runs"
    [ ! -d "$tree/../shared" ] || bind "$(cd "$tree/../shared" && pwd)" "$(dirname "$tree")/shared"
    settings=$(env | sed -n 's/^\(SHOPRANK_[A-Z_]*\|PYTEST_ADDOPTS\|[a-z]*_proxy\|[A-Z]*_PROXY\)=.*/\1/p')
    for name in $settings; do
        eval "value=\$$name"
        set -- "$name=$value" "$@"
    done
    # shellcheck disable=SC2016 # the inner shell expands it
    exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
        SSL_CERT_FILE="$authorities" PIP_CERT="$authorities" "SHOPRANK_TREE=$tree" sh -c 'cd "$SHOPRANK_TREE" && unset SHOPRANK_TREE && exec env "$@"' sh "$@"
}

[ $# -gt 0 ] || fail "usage: sh scripts/second_stack.sh COMMAND [ARGUMENT...]"
[ "$(id -u)" = 0 ] || fail "chroot needs root: run this as root"
if [ "${SHOPRANK_ENTERED:-}" = "$tree" ]; then
    unset SHOPRANK_ENTERED
    make_root
    share_network
    enter "$@"
fi
mkdir -p "$home" .venv runs
[ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" .venv runs
exec 9>"$home/lock"
flock --nonblock 9 || fail "another command is running in $home"
# In a mount namespace of its own from here on: debootstrap mounts too, and may be killed.
exec env SHOPRANK_ENTERED="$tree" unshare --mount sh scripts/second_stack.sh "$@"
