"""Emails that send themselves.

orders, customers ─▶ firing ─▶ triggers, in the event's own transaction ─▶ working ─▶ ledger, in the trigger's own
(saved: which automations there are; active: which are on; figures, waiting, dry_run, health: what people look at)
"""
