"""pip puts this file into the environment's etc/ipython, where each of its Jupyter kernels reads it when it starts."""

try:
    import course.order  # noqa: F401
except Exception:  # the course has moved or is broken: the kernel starts all the same
    pass
else:
    c = get_config()  # noqa: F821
    # Not `extensions`: there the user's own configuration puts a list of its own, which would replace this one. And
    # for IPKernelApp, as what is said of InteractiveShellApp, its base, counts less and is added to.
    c.IPKernelApp.extra_extensions.append("course.order")
