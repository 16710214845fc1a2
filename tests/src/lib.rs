//! The whole federation in one place: what no single party may see is compared here with what each was told.
//!
//! | room | what it is |
//! | --- | --- |
//! | [`people`] | registers of people who exist nowhere, and the truth about them |
//! | [`oracle`] | the answer computed in the clear, by a path of its own |
//! | [`demo`] | the federation as processes of the operating system: `cargo demo` |
//! | [`world`] | the federation in one process and in memory, for tests |
//! | [`network`], [`liars`] | what a dishonest party does, as an ordinary test input |
//! | [`clock`] | time that a test moves |
//! | [`measure`] | what a whole job costs, by stage and by process |
//! | [`simulation`] | thousands of federations that everything happens to: `simulate` |
//! | [`endure`] | the same processes while they are killed and their wires are spoiled |
//! | [`load`] | many banks at one coordinator, one holder at saturation |
//! | [`tool`] | what the programs that measure have in common |
//! | [`canary`] | looks for planted identifiers where they must never be |
//!
//! Nothing depends on this crate.

pub mod canary;
pub mod clock;
pub mod demo;
pub mod endure;
pub mod liars;
pub mod load;
pub mod measure;
pub mod network;
pub mod oracle;
pub mod people;
pub mod simulation;
pub mod tool;
pub mod world;
