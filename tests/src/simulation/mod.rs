//! The simulation: the real code of all parties over a network, time and chance that are made, and whatever can happen.
//!
//! A [`List`] of operations happens to a federation of which everything is known: who stands in which register, what may
//! be told to whom. After each list the [`checks`] look at every report, log and ledger. A list that fails is made
//! smaller until every line of it matters, and is kept as a file that is played ever after.
//!
//! | room | what it is |
//! | --- | --- |
//! | [`time`], [`chance`], [`wire`] | the ports of the parties: time that passes when all wait, seeded chance, a faulty network |
//! | [`turn`], [`quiet`], [`order`], [`fuse`], [`engine`] | one thread that gives every party its turn, kills and revives |
//! | [`shapes`], [`register`] | the federations before anything happens to them |
//! | [`operations`], [`generate`] | lists: as text, from a seed, made smaller |
//! | [`play`], [`copies`], [`keys`], [`schedules`] | a list happens |
//! | [`checks`], [`ledgers`] | what must hold then |
//! | [`run`] | one list in this process: what came of it |
//!
//! What is real: every line of node and coordinator, TLS, gRPC, SQLite with its log, files. What is made: time, chance, the
//! network below TLS, and death, after which a party finds its folder as a killed process leaves it. See
//! `docs/simulation.md`.

pub mod chance;
pub mod checks;
pub mod copies;
pub mod engine;
pub mod fuse;
pub mod generate;
pub mod keys;
pub mod ledgers;
pub mod operations;
pub mod order;
pub mod play;
pub mod quiet;
pub mod register;
pub mod run;
pub mod schedules;
pub mod shapes;
pub mod time;
pub mod turn;
pub mod wire;

pub use operations::List;
pub use play::Failure;
