"""Events of the mail provider: where they come from, whether they are genuine, and how they are read."""
