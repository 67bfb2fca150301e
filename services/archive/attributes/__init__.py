"""What is made of a header once, when it is stored: DICOM JSON, search results, names for matching, gzip members.

Pure, with a maker version for each derived form.
"""
