#!/bin/bash
# mail: works with the mailbox of the desk. "./mail help" lists the commands.
if [ "${*: -1}" = - ]; then set -- "${@:1:$#-1}" "$(cat)"; fi
IFS=$'\037'
exec "$HOME/.mailbox" "$*"
