"""What docs/performance.md quotes, each runnable by one command."""
