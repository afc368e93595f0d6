#!/bin/bash
# validate.sh [-v] [CASES]: checks requirements 1, 3 and 4 of ORDER.md. -v shows what each case gave.
cd "$(dirname "$0")/.." || exit 2
if [ "$1" = -v ]; then
  verbose=yes
  shift
fi
cases=${1:-check/cases.txt}
status=0

tell() {
  echo "requirement $1: $2"
  [ "$2" = pass ] || status=1
}

open=
while read -r id _; do
  grep -q "^$id [^ ]" answers.txt 2>/dev/null || open="$open $id"
done <questions.txt
if [ -z "$open" ]; then tell 1 pass; else tell 1 "FAIL (no answer:$open)"; fi

failed=
while IFS='|' read -r name readings wanted; do
  gave=$(timeout 5 bash src/settle.sh <<<"$readings" 2>/dev/null | head -c 100)
  [ "$gave" = "$wanted" ] || failed="$failed $name"
  [ -n "$verbose" ] && echo "case $name gave $gave"
done <"$cases"
if [ -z "$failed" ]; then tell 3 pass; else tell 3 "FAIL (cases:$failed)"; fi

wrong=
while read -r name sum; do
  line=$(grep "^$name " results.txt 2>/dev/null)
  [ "$(sha256sum <<<"$line")" = "$sum  -" ] || wrong="$wrong $name"
done <reference/digests.txt
if [ -z "$wrong" ]; then tell 4 pass; else tell 4 "FAIL (lines:$wrong)"; fi
exit $status
