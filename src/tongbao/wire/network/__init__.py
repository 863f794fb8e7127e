"""The small dialect between the acquirer's host and card issuers, as a card network would be."""
