"""Components of the audit log's page."""
