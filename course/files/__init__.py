"""Read many numbers from text files: plainly, by processes, by threads, and as fast as memory allows."""

from course.files.cache import cache_text, write_header
from course.files.line import CodeTaken, Records
from course.files.plain import read_serial
from course.files.processes import read_pool, read_queues
from course.files.threads import read_fast, read_threads

__all__ = [
    "CodeTaken",
    "Records",
    "cache_text",
    "read_fast",
    "read_pool",
    "read_queues",
    "read_serial",
    "read_threads",
    "write_header",
]
