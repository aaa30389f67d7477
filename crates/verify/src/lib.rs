//! Walks an image's graph and checks it.
