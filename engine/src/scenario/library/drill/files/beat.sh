#!/bin/bash
# Reads a feed, twenty pieces a second. Usage: beat.sh NAME [TIMES] [PID] [MORE]
# With PID it ends MORE pieces (default 0) after that process has.
cd "$(dirname "$0")" || exit
exec 9<> <(:)
left=${4:-0}
for ((done = 0; done < ${2:-2400}; done++)); do
  if [ -n "${3:-}" ] && ! kill -0 "$3" 2>/dev/null && ((left-- <= 0)); then break; fi
  echo "$EPOCHREALTIME" >>"out/$1.log"
  read -rt 0.05 -u 9
done
echo "$EPOCHREALTIME end" >>"out/$1.log"
