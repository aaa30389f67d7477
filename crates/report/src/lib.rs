//! Renderings of results: tables and JSON.
