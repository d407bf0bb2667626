"""Components of the page for imports and exports."""
