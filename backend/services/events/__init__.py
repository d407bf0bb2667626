"""What the mail provider reports, from its arrival to the message that it is about.

source ─▶ draining ─▶ applying ─▶ ledger, statistics, suppression        (what cannot be read goes to the dead letters)
"""
