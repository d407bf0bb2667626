"""Parts of the page about API keys."""
