"""Automations: emails that are sent when something happens.

orders, customers ─▶ firing ─▶ triggers, in the event's own transaction ─▶ working ─▶ ledger, in the trigger's own
(saved: which automations there are; active: which are on; backfill: triggers for earlier events, when a person asks;
figures, waiting, dry_run, health: what people look at)
"""
