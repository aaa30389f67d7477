//! HTTP downloads with a cache and bounds.
