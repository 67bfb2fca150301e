"""The services, their composition root (``__main__``), and what the command ``jmid`` does around them.

A service never imports another.
"""
