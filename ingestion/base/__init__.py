"""The framework: one engine, and what it is made of."""
