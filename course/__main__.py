"""`python -m course` is the console script `course`."""

import sys

sys.path[:1] = []  # the folder of the call: a random.py of the learner's there would be taken for Python's own

from course.cli import main  # noqa: E402

sys.stdout.reconfigure(errors="backslashreplace")  # ≈ is no reason to stop
sys.exit(main())
