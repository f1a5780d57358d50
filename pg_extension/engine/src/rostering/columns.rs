//! Column generation: whole personal rosters as columns of a linear program, priced by the path search.
//!
//! The program over all rosters of everybody is very nearly integral, and its dual prices coordinate people, which
//! moves of a few people cannot. Its Lagrangian gives the proven lower bound. (Desaulniers, Desrosiers and Solomon
//! 2005, "Column Generation", is the textbook.)

pub(super) mod dive;
pub(super) mod generate;
mod kernel;
pub(super) mod master;
mod rank_one;
pub(super) mod scope;
mod variables;
mod weights;
