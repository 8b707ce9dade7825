"""Who was given which serial: the ledger, its database, tables to read in and to give out."""
