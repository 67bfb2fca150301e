"""Who calls: tokens of an OpenID Provider, checked here, and what they say of whoever shows them.

actor: who calls.  settings: what is asked for, and of whom.  issuer: the provider's keys.  token: whether a token is
good.  claims: what it says.  sessions, sign_in, pages, logout: people in a browser.
rate: how often.  embedded: the issuer of this process.  gate: the middleware that asks all of these.
Source: OpenID Connect Core 1.0 and Discovery 1.0; RFC 6750, 7515, 7517, 7519, 8725, 9068.
"""
