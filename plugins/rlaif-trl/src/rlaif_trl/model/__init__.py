"""A language model in hand: loaded and saved, spoken to in its template, sampled from."""
