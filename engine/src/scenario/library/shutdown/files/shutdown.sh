#!/bin/bash
# Stops this machine.
kill -s TERM 1
