"""Receipts: what was received, the outbox that publishes it, and what became of it."""
