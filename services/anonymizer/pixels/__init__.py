"""Pixel data: the image without what else stands in its bytes, without decoding it (``pixel_data``); and burned-in
text, for which images are decoded: which may carry it, where it is, and masking it (PS3.15 E.3.1).
"""
