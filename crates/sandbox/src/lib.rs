//! Runs a process in a root file system.
