"""What the machine offers and demands: clock, heat, systemd, locks, logs."""
