"""Components of the page about deliverability."""
