"""Components of the System page."""
