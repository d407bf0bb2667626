"""Ways to hand an email over: Amazon SES, a folder on this machine, and a recorder for tests."""
