//! Image builders: deb and files.
