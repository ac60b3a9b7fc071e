"""The daemon: camera in, emotion events out."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("affectd")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
