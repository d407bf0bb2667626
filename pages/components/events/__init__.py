"""Components of the page about the provider's events."""
