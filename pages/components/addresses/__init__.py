"""Components for postal addresses."""
