"""Replay of a camera's own card over RTSP, with the true time of every picture."""
