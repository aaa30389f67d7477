//! An image wherever it lies: references, sources and sinks.
