"""The system page: processes, storage, detector, versions."""
