"""Takes faces off head Series (PS3.15 E.3.2): one Series as a volume, a mask of what goes, and the files anew.

Used by ``jmid deid deface`` alone.
"""
