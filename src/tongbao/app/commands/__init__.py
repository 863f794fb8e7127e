"""One module a noun of the command line; each is imported only when its noun is used."""
