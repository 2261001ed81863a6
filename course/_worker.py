"""What `course.distributed.launch` has torchrun start: python _worker.py (SCRIPT | -m MODULE) [ARGUMENT ...]

Runs it as `python` does, but each line is printed whole, and it ends in another way.
"""

import atexit
import os
import runpy
import sys
import threading


def _main(words: list[str]) -> None:
    status = 1
    for stream in (sys.stdout, sys.stderr):  # torchrun asks for -u, by which lines of two processes would mix
        stream.reconfigure(line_buffering=True, write_through=False)

    def end():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    # Python is not taken apart: a thread of gloo that lets go of a tensor only then would ask for the GIL, and abort
    # the process (github.com/pytorch/pytorch/issues/190489). What is registered first is called last.
    atexit.register(end)
    threading.Thread(target=_follow, daemon=True).start()
    try:
        if words[0] == "-m":
            sys.argv, sys.path[0] = words[1:], os.getcwd()
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv, sys.path[0] = words, os.path.dirname(os.path.abspath(words[0]))
            runpy.run_path(words[0], run_name="__main__")
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        raise


def _follow() -> None:
    """End this process with the one that called `launch`, which holds the other end of standard input."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    _main(sys.argv[1:])
