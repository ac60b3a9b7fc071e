"""What the days were like: visits and emotions by hour, counters only, kept in one small SQLite file."""
