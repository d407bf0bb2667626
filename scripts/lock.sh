#!/bin/sh
# Writes locks/: every package that each requirements file brings, with its version and the hashes of its files.
# They hold for all systems and for every Python from 3.11 on. Usage: sh scripts/lock.sh UV
set -eu

uv=$1
for file in requirements*.txt; do
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command "make lock" "$file" --output-file "locks/${file%.txt}.lock"
done
