"""The hub: journal owner, API, channels, health."""
