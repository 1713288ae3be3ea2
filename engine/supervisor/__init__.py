"""Process table, heartbeats, restarts; stdlib only."""
