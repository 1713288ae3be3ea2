"""Real RTSP servers, faults on command, prepared clips."""
