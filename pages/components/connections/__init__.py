"""Parts of the page about connected shops."""
