"""Looking back, on the engine's side: segments by range, their fragments, stills of the past."""
