"""Evidence that leaves the engine: manifest, signature, verification. Needs no engine."""
