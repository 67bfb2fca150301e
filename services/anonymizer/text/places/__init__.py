"""Rules for where people are and how they are reached: contacts, numbers, addresses, hospitals, wards.

Each module is one table of rows.
"""
