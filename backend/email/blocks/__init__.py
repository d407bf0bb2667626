"""Emails made of blocks, for people who write no code: the document, how it is read, and the MJML that it becomes."""
