"""Seeded plans of faults over the whole system: ``make chaos PLANS=50 SEED=1``.

Every service runs as two processes on RabbitMQ, the MongoDB protocol and S3, each behind a TCP proxy. A plan sends
Studies and reports while its faults happen, then waits until everything that was accepted is at the centre exactly
once, every queue is drained, nothing is dead or set aside, and every process is ready. Nobody helps: a process that was
killed is started again, as Kubernetes does, and nothing else is.
"""
