"""The process that reads a large file ahead of the one that writes; see `parallel_reader`."""

from __future__ import annotations

import os
import sys

from backend.services.imports.parallel_reader import serve

if __name__ == "__main__":
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)  # the parent has gone, and Python would complain while it closes the pipe
