"""Certificates of this system's own: a small authority, what it signs, and the TLS contexts made of such files.

settings: JMID_TLS_….  authority: signs for servers and sites.  contexts: BCP 195.  site_identity: what a gateway has.
Source: RFC 5280 (certificates), RFC 9325 (BCP 195).
"""
