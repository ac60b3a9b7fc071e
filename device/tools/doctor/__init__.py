"""Looks at everything the daemon needs, says what is wrong, and how to mend it."""

from device.tools.doctor.examination import examine

__all__ = ["examine"]
