"""What is shipped: the wheel, what it declares, and the image."""
