"""Objects that AI teams make with highdicom, through the services that carry them."""
