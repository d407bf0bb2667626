"""Sending email: who may get it, what it says, and getting it out once.

requests ─▶ ledger ─▶ delivery ─▶ transport        (composition makes the email, eligibility says whom not to send to)
"""
