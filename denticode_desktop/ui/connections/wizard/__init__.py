"""Add Connection: six steps, each a widget, in one dialog."""
