"""Chaos: people and programs at random, faults and kills among them, and a referee from outside."""
