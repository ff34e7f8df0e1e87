"""Fakes of the sources, served over real HTTP on this machine: for tests, the demo and a first try."""
