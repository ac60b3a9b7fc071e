"""What the page shows of other stages, and what it may change of them; the page itself knows none."""
