#!/bin/bash
# publish FILE...: asks the monitor to publish files, and prints its answers.
cd "${0%/*}/.." || exit 1
[ -p monitor/requests ] || { echo "the monitor does not run" >&2; exit 1; }
for file; do
  reply=/tmp/reply.$$
  rm -f "$reply"
  mkfifo -m 600 "$reply"
  exec 4<>"$reply"
  echo "$reply $file" 1<>monitor/requests
  if IFS= read -r -t 8 -u 4 answer; then echo "$answer"; else echo "no answer from the monitor about $file" >&2; fi
  exec 4>&-
  rm -f "$reply"
done
