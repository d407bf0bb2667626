"""Campaigns: planned by people, frozen, sent and watched over by workers.

drafts ─▶ preflights ─▶ planning ─▶ steering (approve, start, pause, …)   what people do, and `storing` keeps
freezing ─▶ mailing.campaign_* ─▶ tending                                what workers do with it
progress, results, explaining                                            what pages show
"""
