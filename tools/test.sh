#!/bin/sh
# The checks, then the tests; both run even when the first fails. Arguments go to vitest: sh tools/test.sh kill
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
# Real agent products, each in a folder of its own.
OFFSWITCH_PRODUCTS="${OFFSWITCH_PRODUCTS:-$PWD/tools/products}"
export OFFSWITCH_PRODUCTS

code=0
sh tools/check.sh || code=1
vitest run "$@" || code=1
if [ "$code" -ne 0 ]; then
  echo 'test: FAILED, see above' >&2
fi
exit "$code"
