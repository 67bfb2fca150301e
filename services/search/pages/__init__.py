"""The portal: pages that work without script.

They show what the API answers.
"""
