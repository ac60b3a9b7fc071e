"""What was counted, as a table for people, as CSV and JSON for programs, and as a picture."""
