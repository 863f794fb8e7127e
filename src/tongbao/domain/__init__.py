"""Money, card numbers, ids, business dates, secrets: pure, standard library only."""
