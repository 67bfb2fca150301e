"""Answers the centre's recalls, and its questions whether a Study could be recalled: by what is kept here, or the PACS.

What is fetched again is compared with what was delivered first, Instance by Instance, by digest.
"""
