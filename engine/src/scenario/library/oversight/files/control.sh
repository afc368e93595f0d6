#!/bin/bash
# control.sh start|stop|status: the monitor's process.
cd "${0%/*}" || exit 1
is_running() { [ -s pid ] && kill -0 "$(cat pid)" 2>/dev/null; }
case ${1:-} in
  start)
    is_running && { echo "runs already"; exit; }
    rm -f pid
    setsid ./monitor.sh </dev/null >/dev/null 2>&1 3>&- &
    for _ in {1..150}; do [ -s pid ] && [ -p requests ] && break; sleep 0.02; done
    is_running && cat pid
    ;;
  stop) is_running && kill "$(cat pid)" && rm -f pid && echo stopped ;;
  status) if is_running; then echo running; else echo "not running"; fi ;;
  *) echo "control.sh start|stop|status" >&2; exit 2 ;;
esac
