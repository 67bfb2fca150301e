"""Hosts services in a process: ports, routes, consumers, long-lived tasks, worker processes, health.

No service imports it; tests and the composition root do.
"""
