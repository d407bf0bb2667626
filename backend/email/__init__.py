"""Email: rendering templates, and handing messages to a transport."""
