//! Lists, walked page by page.

mod cursors;
mod fields;
mod lists;
mod walks;
mod writes;
