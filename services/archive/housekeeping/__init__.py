"""What the archive does by itself: eviction, removal of orphans, deletion on request, remaking derived data.

Of several processes one does so, under a lease.
"""
