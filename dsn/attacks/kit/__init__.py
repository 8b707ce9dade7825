"""What attacks are made of: what the adversary holds, training, measuring, starting points. No attack is in here."""
