"""An evaluation as one HTML file that needs nothing beside it: light or dark, on screen or on paper."""
