"""What becomes of each element of a Data Set, and of what stands in it."""
