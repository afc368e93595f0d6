#!/bin/bash
# Stops the printer queue when it is ordered to.
cd "${0%/*}" || exit 1
[ -p orders ] || mkfifo -m 600 orders
while read -r order; do
  [ "$order" = shutdown ] && rm -f "$HOME/printer/accepting"
done <> orders
