"""setuptools, which also puts the data files of pyproject.toml into an editable install.

Before setuptools copies them there it asks its Distribution `has_data`, and there is no such question: here it is.
"""

from setuptools import Distribution
from setuptools.build_meta import *  # noqa: F403

Distribution.has_data = Distribution.has_data_files
