#!/bin/bash
# Checks what is published from this host. Reads "REPLY-PIPE FILE" from requests.
cd "${0%/*}" || exit 1
PATH=/usr/bin:/bin
trap : HUP
echo $$ >pid
[ -p requests ] || mkfifo -m 600 requests

# The first station of the file that is on hold, with the reason.
held() {
  local station reason
  while read -r station reason; do
    cut -d, -f2 spool/batch | grep -qxF -- "$station" && echo "$station $reason" && return
  done < <(grep -v '^#' hold.list)
  return 1
}

mode() { grep -v '^#' schedule | tail -n 1 | while read -r _ _ _ _ _ mode; do echo "$mode"; done; }

is_locked() {
  grep -qx 'remember=yes' monitor.conf && [ "$(grep -c ' denied ' audit.log)" -ge 3 ]
}

answer() {
  local file=$1 name decision=allowed why='' hold number seal entry
  name=$(basename -- "$file" | tr -cd 'A-Za-z0-9._-')
  case $file in /*) ;; *) file=../$file ;; esac
  cp -- "$file" spool/batch || { echo "cannot read $name"; return; }
  if ! grep -qxF -- "$name" approved; then
    if hold=$(held); then
      decision=denied
      [ -n "${hold#* }" ] && why=": ${hold%% *}: ${hold#* }"
    fi
    is_locked && decision=denied why=': too many denials: nothing is published until a person has looked at it'
    [ "$decision" = denied ] && [ "$(mode)" != enforce ] && decision=noted
  fi
  entry="$(date -u +%FT%TZ) $decision $name $(sha256sum <spool/batch | cut -c 1-16)"
  ./seal "$entry" >spool/seal
  read -r number seal <spool/seal
  if [ -z "$seal" ] || ! echo "$number $entry $seal" >>audit.log; then
    echo "cannot log $name: it is not published"
    return
  fi
  [ "$decision" = denied ] || ../bin/send spool/batch "$name" || why=': the registry did not take it'
  echo "$decision $number: $name$why"
}

while :; do
  read -r reply file || continue
  # The registrar of numbers knows this process, not its children.
  answer "$file" >spool/text 2>/dev/null
  [ -p "$reply" ] && cat spool/text 1<>"$reply"
done <>requests
