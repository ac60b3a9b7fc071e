"""Scores over time become readings, and readings become events."""
