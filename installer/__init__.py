"""Set-up, checks and packaging. Standard library only: it runs before anything is installed."""
