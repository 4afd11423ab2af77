"""JSON:API: parsing and validation of queries and request documents, serialization of resources, errors."""
