//! The SQL surface.
