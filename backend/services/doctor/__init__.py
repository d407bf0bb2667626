"""The doctor: looks at an installation before and after it goes live, and says how to fix what is wrong."""
