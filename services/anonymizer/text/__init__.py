"""Clean free text of what identifies: rules as rows of data, one engine, one policy.

Everything here is pure: text, the header's identifiers and a policy in, cleaned text and findings out.
"""
