"""The index of cases on the disk: its fields, its queries, its files.

Every call blocks and runs in a thread.
"""
