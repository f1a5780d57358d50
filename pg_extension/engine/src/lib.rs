//! Pure scheduling algorithms.
