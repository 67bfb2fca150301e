"""Find, read, shift and write dates, times and ages in every calendar and form.

A way to write a date is one row of forms.py.
"""
