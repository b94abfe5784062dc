#!/bin/sh
# Installs Chromium and its driver for the tests that open a report, where that is possible without a question.
# Those tests are skipped where there is no browser, so this never fails.
set -u

found() { command -v "$1" >/dev/null 2>&1; }

browser() { found chromium || found chromium-browser || found google-chrome; }

ready() { browser && found chromedriver; }

# The words to put before a command so that it runs as root; nothing for root itself.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        return 0
    fi
    found sudo && sudo -n true 2>/dev/null && echo "sudo -n"
}

install() {
    root=$(as_root) && found apt-get || return 1
    # Without a network, give up soon; where another apt-get is at work, wait for it.
    options="-o Acquire::Retries=0 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60"
    # shellcheck disable=SC2086 # both are several words
    $root apt-get $options update && $root env DEBIAN_FRONTEND=noninteractive \
        apt-get $options install -y --no-install-recommends chromium chromium-driver
}

if ready; then
    exit 0
fi
if install </dev/null >/dev/null 2>&1 && ready; then
    echo "shoprank set-up: Chromium is installed for the browser test"
else
    echo "shoprank set-up: no Chromium with chromedriver, and none can be installed: the browser test is skipped"
fi
