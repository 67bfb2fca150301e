"""Rules for people: by the header, a label, a title, a signature, or by the dictionary alone.

Tables of rows, and the judgement by dictionary that rows call.
"""
