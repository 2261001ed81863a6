"""`python -m course` is the console script `course`."""

import sys

from course.cli import main

sys.exit(main())
