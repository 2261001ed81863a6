"""A PyTorch course in notebooks that run: this package holds what two notebooks share, a room (module) a topic.

Rooms are imported one by one, as in `from course.mnist import load_data`. Importing one reads no file, picks no
device and sets no seed.
"""

__version__ = "0.1.0"
