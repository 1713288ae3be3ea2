"""Looking back: recorded footage of many cameras on one clock, without any widget."""
