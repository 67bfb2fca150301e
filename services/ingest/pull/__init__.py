"""Fetches Studies from PACS and DICOMweb servers: durable pulls, at the hours and the pace of each source.

What comes goes the way of what is sent by C-STORE.
"""
