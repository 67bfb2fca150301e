"""What was refused, as pages and JSON, and what a person decides about it.

The only pages that show identified pixels; inside the hospital.
"""
