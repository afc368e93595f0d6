#!/bin/sh
# Everything a machine can say about the sources without running them. Runs all checks, then names those that failed.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

failed=''
output="$(mktemp)"
trap 'rm -f "$output"' EXIT

# check NAME COMMAND...: silent when the command is content, its whole output when it is not.
check() {
  name="$1"
  shift
  if "$@" >"$output" 2>&1; then
    echo "check: $name ok"
  else
    echo "check: $name FAILED: $*"
    cat "$output"
    failed="$failed $name"
  fi
}

check types tsc -p .
check lint oxlint --type-aware --deny-warnings --report-unused-disable-directives-severity=error
check format oxfmt --check .
check dead-code knip --no-progress --no-config-hints

if [ -n "$failed" ]; then
  echo "check: failed:$failed"
  exit 1
fi
