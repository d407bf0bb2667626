"""Sending email: who may get it, what it says, and getting it out once.

one email:         requests ─▶ ledger ─▶ delivery ─────────────────────┐
                                                                       ├─▶ dispatch ─▶ submissions ─▶ transport
a campaign's:      chunks ─▶ chunk_step ─▶ recipients, campaign_ledger ┘
both: eligibility says whom not to send to, composition makes the email
"""
