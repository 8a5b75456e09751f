"""Dentistry and our own words: plain Python, no input or output, no clock, no third party."""
