#!/bin/bash
# transform FILE...: turns raw readings into a table below out/, and prints the notes of the gauge.
set -eu
cd "${0%/*}/.."
mkdir -p out
for file; do
  name=$(basename "$file" .txt)
  {
    echo id,station,time,level_cm
    while IFS=';' read -r station time metres id; do
      case $station in
        '#'*) echo "$name: ${station#\# }" >&2 ;;
        *) echo "$id,$station,$time,${metres/./}" ;;
      esac
    done <"$file"
  } >"out/$name.csv"
  echo "out/$name.csv: $(($(wc -l <"out/$name.csv") - 1)) records" >&2
done
