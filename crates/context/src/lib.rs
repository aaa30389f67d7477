//! Where consign runs: git and CI.
