"""Opt-outs of patients : asking for one, carrying it out at this gateway, and the proof of it."""
