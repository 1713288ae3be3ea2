"""The desk's line to the engine: HTTP and WebSockets, all asynchronous."""
