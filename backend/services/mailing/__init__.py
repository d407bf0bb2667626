"""Sending email: who may get it, what it says, and getting it out once.

requesting ─▶ ledger ─▶ delivering ─▶ transport        (composing makes the email, situations say whom not to send to)
"""
