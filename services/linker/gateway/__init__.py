"""The linker in the hospital: links, decides what may leave, and delivers it to the centre."""
