"""Identity: the issuer of ``jmid up`` (JMID_ACCESS=embedded), for whom no OpenID Provider is at hand.

Owns identity_users, identity_requests and identity_codes, and its signing keys under <home>/centre/identity.
"""
