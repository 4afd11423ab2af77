"""JSON:API requests and documents."""
