"""What the demo shop is made of: names, products and how its customers behave. The same seed gives the same shop."""
