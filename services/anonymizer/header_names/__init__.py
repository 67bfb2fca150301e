"""Names of staff and places that headers of this site tell: learned from many Studies, cleaned from texts from then on.

Inside the site, like the site's own list: no name leaves, and the Studies it was seen on are kept as pseudonyms.
"""
