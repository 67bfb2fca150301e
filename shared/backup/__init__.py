"""Copies of a home, made while its services run: incremental, encrypted, with a digest of every file.

Embedded ports only: what is on servers is backed up by the servers' own means (docs/operations.md, Backup).
"""
