//! Runs an image and judges it.
