"""What a customer may ask for: all that is kept about them."""
