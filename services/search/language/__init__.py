"""The query language: folded text, what was typed as a tree, what is marked in a hit.

Pure; knows neither the index nor HTTP.
"""
