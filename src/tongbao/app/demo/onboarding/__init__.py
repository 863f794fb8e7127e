"""The story of a stranger: from the public page to the first sale on a terminal of their own."""
