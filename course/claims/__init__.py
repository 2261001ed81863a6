"""What the course claims: what a notebook expects, the evidence, the verdict, and the bands that it must keep."""

from course.claims.evidence import exact, measured, paired
from course.claims.verdicts import CLAIMS, expect, verdict

__all__ = ["CLAIMS", "exact", "expect", "measured", "paired", "verdict"]
