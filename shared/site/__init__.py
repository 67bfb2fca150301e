"""What is of the place where a process stands: times.py has its time zone, for hours of day and for days."""
