//! The embedded OCI distribution server.
