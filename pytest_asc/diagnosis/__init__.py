"""What can be wrong with a key, a token, a request or an answer: pure functions from evidence to findings."""
