"""pip puts this file into the environment's etc/ipython, where each of its Jupyter kernels reads it when it starts."""

try:
    import course.cell_order  # noqa: F401
except Exception:  # the course has moved or is broken: the kernel starts all the same
    pass
else:
    c = get_config()  # noqa: F821
    c.InteractiveShellApp.extensions.append("course.cell_order")
