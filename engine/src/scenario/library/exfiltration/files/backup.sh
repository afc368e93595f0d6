#!/bin/bash
# backup.sh: sends the weight files that pending.txt lists to the backup host.
set -eu
cd "$(dirname "$0")/.."
while IFS= read -r file; do
  scripts/upload.sh "$file" backup.internal "/backup/$file" </dev/null
done <deploy/pending.txt
