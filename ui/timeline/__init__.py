"""The timeline: what was recorded when, and where one looks."""
