"""Traces: spans.py makes them where something is traced, opening.py sends them to a collector."""
