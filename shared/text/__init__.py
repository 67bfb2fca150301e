"""Text as people and machines write it: Japanese letters and their encodings, and the look at what is typed."""
