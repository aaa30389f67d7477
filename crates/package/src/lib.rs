//! Package formats, indexes, versions and dependency resolution.
