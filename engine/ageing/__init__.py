"""What becomes of footage as it ages: where it lies, how it is encoded, how long it will fit."""
