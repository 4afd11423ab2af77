"""Authentication, rate limiting and authorization."""
