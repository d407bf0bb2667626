"""Components of the pages about automations."""
