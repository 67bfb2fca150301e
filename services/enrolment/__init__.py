"""Enrolment: how a gateway gets its certificate of the centre, and keeps it new.

centre: one-time codes, the small authority, which certificates count. gateway: renews its own before it ends.
Owns enrolment_invites; site_certificates are read by every gate (shared/web/identity).
"""
