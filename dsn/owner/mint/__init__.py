"""From an order to a student in the ledger: one, a fleet, on a cluster, or quickly on the page."""
