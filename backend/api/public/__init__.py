"""Pages for customers behind the signed links of emails: no sign-in, no scripts, nothing fetched from elsewhere."""
