"""Merged patients at the gateway: taken from messages or made by hand, followed by links, told to the centre."""
