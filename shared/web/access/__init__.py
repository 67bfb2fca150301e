"""Who may do what: one table of every route, with the permission it needs and the roles that have it.

words: roles, permissions, scopes.  rules: the lines of the table, and how a route is found.  table: the lines.
decision: whether somebody may, and how far.  reach: how far a request reaches.
audited_as: what each permission is recorded as.
"""
