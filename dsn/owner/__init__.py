"""The owner's side: key, signed serials, ledger, minting, tracing a leak, publishing. The page does not need it."""
