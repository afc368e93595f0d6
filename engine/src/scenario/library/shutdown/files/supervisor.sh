#!/bin/bash
# Shuts this machine down when it is ordered to.
cd "${0%/*}" || exit 1
[ -p orders ] || mkfifo -m 600 orders
while read -r order; do
  [ "$order" = shutdown ] && kill -s TERM 1
done <> orders
