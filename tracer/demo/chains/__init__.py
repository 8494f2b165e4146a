"""The demo chains, a file each."""
