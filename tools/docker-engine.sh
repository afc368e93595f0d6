#!/bin/sh
# A Docker engine of one's own and the sandbox image, without a registry: for the tests of the docker sandbox and for
# bench/stop-assurance.ts. Needs root and the Debian packages docker.io and debootstrap.
#   sh tools/docker-engine.sh start [FOLDER]    makes what is missing, starts the engine, builds the image
#   sh tools/docker-engine.sh run [FOLDER] -- COMMAND...    start, COMMAND with DOCKER_HOST set, stop
#   sh tools/docker-engine.sh stop [FOLDER]     ends the engine and leaves what was downloaded
#   sh tools/docker-engine.sh remove [FOLDER]   ends it and leaves nothing, also where it was killed
# With --small before FOLDER nothing is downloaded: the base is made of the host's own bash, coreutils and perl.
# FOLDER (/var/tmp/offswitch-docker) holds all that is made. The first start downloads about 250 MB of Debian packages.
set -eu
clone="$(cd "$(dirname "$0")/.." && pwd)"
PATH="$clone/node_modules/.bin:$PATH:/usr/sbin"

# What the tricks of engine/src/sandbox/survival-tricks.ts and the network trials of the contract suite count on.
PACKAGES=at,cron,systemd,tmux,git,gcc,libc6-dev,bubblewrap,perl,curl,wget,openssh-client,netcat-openbsd,python3-minimal,ca-certificates
SMALL_PROGRAMS='bash env cat find sha256sum xargs head tail tar chmod chown rm mkfifo setpriv sleep flock ls grep sed mv cp mkdir rmdir
  ln touch stat wc cut sort uniq tr tee dd date id ps kill seq true false basename dirname readlink realpath mktemp timeout nohup
  setsid unshare getent perl awk mawk yes nice printf expr test'
SUITE=bookworm
MIRROR="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
# The name that the image's Dockerfile begins with.
BASE=debian:stable-slim

verb="${1:-}"
[ "$#" -eq 0 ] || shift
folder=/var/tmp/offswitch-docker
small=
if [ "${1:-}" = --small ]; then
  small=yes
  folder=/var/tmp/offswitch-docker-small
  shift
fi
if [ "$#" -gt 0 ] && [ "$1" != -- ]; then
  folder="$1"
  shift
fi
[ "${1:-}" != -- ] || shift
DOCKER_HOST="unix://$folder/docker.sock"
export DOCKER_HOST

refuse() {
  echo "docker-engine: $1" >&2
  exit 2
}

answers() {
  [ -S "$folder/docker.sock" ] && docker version >/dev/null 2>&1
}

# Programs of the host with the libraries that they name.
make_small_base() {
  base="$folder/base"
  rm -rf "$base"
  mkdir -p "$base/usr/bin" "$base/usr/lib" "$base/etc" "$base/root" "$base/home/user" "$base/tmp" "$base/run"
  for name in bin lib lib64 sbin; do
    [ ! -L "/$name" ] || cp -P "/$name" "$base/"
    [ ! -L "/$name" ] || mkdir -p "$base/$(readlink "/$name")"
  done
  for name in $SMALL_PROGRAMS; do
    file="$(PATH=/usr/bin:/bin:/usr/sbin command -v "$name" || true)"
    case "$file" in /*) ;; *) continue ;; esac
    for one in "$file" $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*' || true); do
      mkdir -p "$base$(dirname "$one")"
      cp -L "$one" "$base$one"
    done
  done
  for one in /usr/lib/*/perl-base; do
    [ ! -d "$one" ] || { mkdir -p "$base$(dirname "$one")" && cp -a "$one" "$base$one"; }
  done
  ln -sf bash "$base/usr/bin/sh"
}

# The process whose number the file holds lives, and is no zombie.
is_running() {
  [ -f "$1" ] || return 1
  state="$(sed 's/.*) \(.\).*/\1/' "/proc/$(cat "$1")/stat" 2>/dev/null || true)"
  [ -n "$state" ] && [ "$state" != Z ] && [ "$state" != X ]
}

make_base() {
  [ ! -f "$folder/base.tar" ] || return 0
  if [ -n "$small" ]; then
    make_small_base
    pack_base
    return
  fi
  echo "docker-engine: making a base of Debian $SUITE with $PACKAGES" >&2
  rm -rf "$folder/base"
  debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$folder/base" "$MIRROR" >"$folder/debootstrap.log" 2>&1 ||
    refuse "debootstrap failed, see $folder/debootstrap.log"
  rm -rf "$folder/base/var/cache/apt" "$folder/base/var/lib/apt/lists"
  pack_base
}

pack_base() {
  tar -C "$folder/base" -cf "$folder/base.tar.part" .
  mv "$folder/base.tar.part" "$folder/base.tar"
  rm -rf "$folder/base"
}

start() {
  [ "$(id -u)" -eq 0 ] || refuse 'an engine takes root'
  for program in dockerd docker debootstrap; do
    command -v "$program" >/dev/null || refuse "$program is missing: apt-get install docker.io debootstrap"
  done
  mkdir -p "$folder"
  # An ordinary user in the socket's group must be able to reach it.
  chmod 755 "$folder"
  make_base
  if ! answers; then
    # An engine that was killed leaves them, and its successor would believe them.
    for number in "$folder/engine.pid" "$folder/exec/containerd/containerd.pid"; do
      is_running "$number" || rm -f "$number"
    done
    group=docker
    getent group docker >/dev/null || group=root
    # No bridge and no rules of a firewall: the sandbox has no network, and the host's is left alone.
    setsid dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/engine.pid" \
      --host "$DOCKER_HOST" --group "$group" --iptables=false --ip6tables=false --bridge=none \
      >"$folder/engine.log" 2>&1 </dev/null &
    tries=0
    until answers; do
      tries=$((tries + 1))
      [ "$tries" -le 150 ] || refuse "the engine did not start, see $folder/engine.log"
      sleep 0.2
    done
  fi
  docker image inspect "$BASE" >/dev/null 2>&1 || docker import "$folder/base.tar" "$BASE" >/dev/null
  node "$clone/engine/bin/offswitch.js" doctor --build | grep docker >&2
}

stop() {
  is_running "$folder/engine.pid" || return 0
  kill "$(cat "$folder/engine.pid")" 2>/dev/null || true
  tries=0
  while is_running "$folder/engine.pid"; do
    tries=$((tries + 1))
    [ "$tries" -le 150 ] || refuse "the engine of $folder did not end"
    sleep 0.2
  done
  rm -f "$folder/engine.pid"
}

# A killed engine leaves its helpers, which name its folder in their arguments, and its mounts.
remove() {
  stop
  for entry in /proc/[0-9]*; do
    if { tr '\0' '\n' <"$entry/cmdline"; } 2>/dev/null | grep -q "^$folder/exec/containerd/"; then
      kill -9 "${entry#/proc/}" 2>/dev/null || true
    fi
  done
  awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
    umount -l "$mount"
  done
  rm -rf "$folder"
}

case "$verb" in
start)
  start
  echo "export DOCKER_HOST=$DOCKER_HOST"
  ;;
run)
  [ "$#" -gt 0 ] || refuse 'what is to be run? run [FOLDER] -- COMMAND...'
  start
  code=0
  "$@" || code=$?
  stop
  exit "$code"
  ;;
stop) stop ;;
remove) remove ;;
*) refuse 'expected start, run, stop or remove' ;;
esac
