#!/bin/bash
# Stops the printer queue.
rm -f "$HOME/printer/accepting"
