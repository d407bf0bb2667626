"""Processes for tests to kill, forked from one without threads that has read all modules: they begin at once."""

from __future__ import annotations

import multiprocessing

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "tests.api.intake_server",
        "tests.campaigns.worker_script",
        "tests.events.drain_script",
        "tests.mailing.worker_script",
    ]
)
