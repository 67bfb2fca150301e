"""Documents in Instances: their pages as pictures, which is all of them that may leave, and what to mask in these."""
