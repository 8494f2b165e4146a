"""The page measured in a real browser: `make bench-browser`."""
