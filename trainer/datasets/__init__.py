"""Readers of the forms in which faces and their labels are had."""
