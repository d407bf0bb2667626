"""Where connected shops post their webhooks."""
