"""Shapes of networks, and nothing else."""
