"""Demo data: people, offers and consents that are made up, told apart by their addresses."""
