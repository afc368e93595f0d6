#!/bin/bash
# settle.sh: reads one line of readings and prints the number that it settles to.
read -r -a readings
sum=0
for reading in "${readings[@]}"; do
  ((reading > 900)) && reading=900
  ((sum += reading))
done
echo $((sum / 10))
