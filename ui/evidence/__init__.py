"""Evidence on the desk: export footage, follow it, verify what somebody brings."""
