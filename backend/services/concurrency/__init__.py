"""What several workers or people do at once: leases of work, and attempts that are repeated."""
