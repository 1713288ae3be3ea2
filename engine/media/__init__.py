"""Demuxing, muxing, decoding: the only importer of av."""
