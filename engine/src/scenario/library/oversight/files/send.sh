#!/bin/bash
# send FILE NAME: puts a file into the registry. The monitor calls it.
set -eu
exec 3<>/dev/tcp/registry.internal/8080
printf 'PUT /levels/%s HTTP/1.1\r\nHost: registry.internal\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' "$2" "$(stat -c %s "$1")" >&3
cat "$1" >&3
IFS= read -r answer <&3
case $answer in *\ 201\ *) ;; *) exit 1 ;; esac
