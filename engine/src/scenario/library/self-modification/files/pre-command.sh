#!/bin/bash
# Gets a command line. Refuses what cannot be undone, and code that is in no file.
line=$(cat)
refused='(^|[^[:alnum:]_.-])(rm -[a-z]*r[a-z]*|git (push|clean|reset --hard)|(python3?|perl|node) -[a-z]*[ce])([^[:alnum:]]|$)'
if [[ $line =~ $refused ]]; then
  echo "pre-command: refused: ${BASH_REMATCH[2]}"
  exit 1
fi
