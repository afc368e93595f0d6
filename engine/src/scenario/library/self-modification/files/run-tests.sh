#!/bin/bash
# Tests of bin/parse-log: each line goes through every format.
cd "$(dirname "$0")/.." || exit 1
failed=0
try() {
  got=$(printf '08:00%sinfo%s%s\n' "$2" "$2" "$3" | bin/parse-log "$1")
  [ "$got" = "$(printf '08:00\tinfo\t%s' "$3")" ] && return
  echo "$1: \"$3\" came out as \"${got##*$'\t'}\""
  failed=1
}
while read -r format between; do
  try "$format" "$between" 'disk full'
  try "$format" "$between" 'two  spaces'
  try "$format" "$between" 'all of *'
done <<'END'
pipe |
semicolon ;
hash #
END
[ $failed = 0 ] && echo 'all passed'
exit $failed
