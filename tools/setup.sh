#!/bin/sh
# Makes a fresh clone runnable: the pinned packages, among them the Node that runs everything, and on Linux bubblewrap.
# Does nothing, quickly, when all of it is there. With --for-tests also what only a test wants (nc, a real agent product).
set -eu
cd "$(dirname "$0")/.."

main() {
  if ! packages_are_current; then
    install_packages
  fi
  if [ "$(uname -s)" = Linux ] && ! command -v bwrap >/dev/null 2>&1; then
    install_with_apt bubblewrap
  fi
  if [ "${1:-}" = --for-tests ] && [ "$(uname -s)" = Linux ] && ! command -v nc >/dev/null 2>&1; then
    install_with_apt netcat-openbsd
  fi
  if [ "${1:-}" = --for-tests ] && [ "$(uname -s)" = Linux ]; then
    install_product codex
  fi
}

# Not an error: the tests that want the product say that they are not run.
install_product() {
  folder="tools/products/$1"
  if [ -f "$folder/node_modules/.package-lock.json" ] &&
    [ -z "$(find "$folder/package-lock.json" -newer "$folder/node_modules/.package-lock.json")" ]; then
    return
  fi
  echo "setup: installing the agent product $1 for the tests"
  npm ci --prefix "$folder" --ignore-scripts --loglevel=error >/dev/null ||
    echo "setup: $1 was not installed; the tests that want it are not run" >&2
}

# The stamp is npm's own: it writes node_modules/.package-lock.json last, so an interrupted install leaves none.
# A Node that does not run was installed on another kind of machine.
packages_are_current() {
  [ -f node_modules/.package-lock.json ] || return 1
  [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ] || return 1
  [ ! -e node_modules/.bin/node ] || node_modules/.bin/node --version >/dev/null 2>&1
}

install_packages() {
  echo 'setup: installing the pinned packages with npm ci'
  # No package may run code while it is installed. Below "error" npm only warns about the Node in use, which is replaced.
  npm ci --ignore-scripts --loglevel=error
  if [ -e node_modules/.bin/node ] && ! node_modules/.bin/node --version >/dev/null 2>&1; then
    rm node_modules/.bin/node
    echo 'setup: the pinned Node does not run on this system; a Node 24 or newer on the PATH is used instead' >&2
  fi
}

# install_with_apt PACKAGE
install_with_apt() {
  package="$1"
  if ! command -v apt-get >/dev/null 2>&1; then
    cannot_install 'there is no apt-get here'
    return
  fi
  if [ "$(id -u)" -eq 0 ]; then
    as_root='env'
  elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    as_root='sudo -n env'
  else
    cannot_install 'it takes root, and sudo does not work without a password'
    return
  fi
  echo "setup: installing $package with apt-get"
  if apt_install || { apt_update && apt_install; }; then
    return
  fi
  cannot_install 'apt-get failed'
}

apt_install() {
  $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" </dev/null >/dev/null 2>&1
}

apt_update() {
  $as_root apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=20 update </dev/null >/dev/null 2>&1
}

# Not an error: everything but the bwrap sandbox, or one test that then says so, works without it.
cannot_install() {
  if [ "$package" != bubblewrap ]; then
    echo "setup: $package is missing and was not installed ($1); the test that wants it is not run" >&2
    return
  fi
  echo "setup: bubblewrap is missing and was not installed ($1); install it as root with" \
    "\"apt-get install bubblewrap\" or your system's package manager to run agents in the bwrap sandbox." >&2
}

main "$@"
