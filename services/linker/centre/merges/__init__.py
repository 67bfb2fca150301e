"""Merged patients at the centre: as gateways tell them, followed by links, shown beside reports and cases."""
