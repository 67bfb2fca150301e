"""The JSON API of cases.

Every route answers within the reach of whoever asks.
"""
