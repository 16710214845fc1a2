//! The room against a coordinator in memory: an honest one, and one for each lie.

mod earlier;
mod kept;
mod lies;
mod rows;
mod world;
