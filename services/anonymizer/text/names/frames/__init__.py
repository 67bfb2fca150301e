"""People by the frame they stand in: behind a role, beside a date, in a signature, a list or a talk.

The frame is the one kind of evidence, a list of names or the analyser the other; where nothing but a person can stand,
any word goes that is not known as a common one.
"""
