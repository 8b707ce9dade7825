"""Digits as people bring them, made by programs with seeds: how often a student is right about them."""
