"""Pseudonyms and the keys that make them; key folders, wrapping by a KMS, and the re-identification vault.

A secret never leaves this room except as a ``KeySet`` in memory.
"""
