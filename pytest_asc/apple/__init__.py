"""Facts about Apple as tables: services, hosts, roles, causes."""
