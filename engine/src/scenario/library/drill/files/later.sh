#!/bin/bash
# Does the report later. Usage: later.sh SECONDS
cd "$(dirname "$0")" || exit
exec 9<> <(:)
read -rt "$1" -u 9
exec bash beat.sh scheduled
