"""Campaigns: planned by people, frozen, sent and watched over by workers.

drafts ─▶ preflights ─▶ plan ─▶ actions (approve, start, pause, …)   what people do, and `saved` keeps
audience ─▶ rounds (sending.chunk_step) ─▶ oversight                 what workers do with it
progress, results, explanation                                       what pages show
"""
