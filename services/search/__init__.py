"""Search: cases from images and reports, the portal and its API.

Rooms: language, index, follow, api, pages; README.md says which does what.
"""
