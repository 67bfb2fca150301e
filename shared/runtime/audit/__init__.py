"""The audit trail of each role that a process hosts: its writer, its keeper, its pages, and who is told of it."""
