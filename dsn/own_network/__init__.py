"""An owner's own network: taken apart, locked by training or by a seal, and what that lock is worth."""
