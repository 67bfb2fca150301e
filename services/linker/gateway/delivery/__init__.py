"""Delivery to the centre: what is due is sent, unless the centre holds it, and each answer is written down."""
