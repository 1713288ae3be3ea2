"""DuckDB: the index of media files and journal."""
