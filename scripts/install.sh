#!/bin/sh
# Makes a virtual environment and installs requirements into it; does nothing while both are as they were.
#
# Usage: sh scripts/install.sh FOLDER FILE...
# The last file is installed as its lock says (locks/, written by `make lock`), which names the hash of every package.
# The ones before it are those that it includes, so that a change in any of them counts.
# Set PYTHON to choose the interpreter. Where packages come from is pip's own configuration.
set -eu

folder=$1
shift
for last in "$@"; do :; done
lock=locks/$(basename "$last" .txt).lock
stamp=$folder/installed-$(basename "$last")
wanted=$({ pwd -P; cat "$@" "$lock"; } | cksum)

[ -r "$lock" ] || {
    echo "$lock is missing. Write it: make lock" >&2
    exit 1
}

say() { printf '%s\n' "$@" >&2; }

works() { "$folder/bin/python" -c 'import pip' >/dev/null 2>&1; }

is_current() { [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && works; }

# A folder that was moved, or whose Python is gone, is made again: its scripts point to where it was.
is_usable() { [ "$(cat "$folder/made-in" 2>/dev/null)" = "$(pwd -P)" ] && works; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    say "Tillpost needs Python 3.11 or newer, and found none${PYTHON:+ as $PYTHON}." \
        "Install one from your system's packages or from python.org, or name it: make PYTHON=/path/to/python3.11 ..."
    return 1
}

make_environment() {
    python=$(find_python) || exit 1
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "Python $version is installed, but its venv module is not." \
            "On Debian and Ubuntu: apt-get install python$version-venv"
        exit 1
    fi
    rm -f "$folder"/installed-* "$folder/made-in"
    "$python" -m venv --clear "$folder"
    pwd -P >"$folder/made-in"
}

is_current && exit 0
# Two commands started at once: the second waits, then finds everything done.
if command -v flock >/dev/null 2>&1; then
    exec 9<"$0"
    flock 9
    is_current && exit 0
fi
is_usable || make_environment
say "Installing $last into $folder (the first time takes a minute or two) ..."
if ! "$folder/bin/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$lock"; then
    say "Not everything of $last could be installed; the lines above say why."
    exit 1
fi
printf '%s\n' "$wanted" >"$stamp"
