"""Components for sending one email and for the limits of sending."""
