"""Breaks the device's code in small ways, one at a time, and asks the tests whether they notice."""
