//! The desk: the one command-line shell of node, coordinator and demo.
//!
//! Comes in: the arguments of a process, the answers of the person before the terminal, and, while `serve` runs, the
//! same from other processes of the same user over a Unix socket. Goes out: results on standard output, everything
//! else on standard error, and one of eight exit codes. Never sees: keys, points, tags or peers; a program hands it
//! finished sentences' numbers. Trusts: the operating system's word on who holds a lock and who is behind a socket.
//! Fails: with a [`Problem`], one sentence in the reader's language, or one JSON object.

pub mod console;
pub mod control;
pub mod exit;
pub mod lang;
pub mod lock;
pub mod messages;
pub mod parsed;
pub mod person;
pub mod problem;
pub mod run;
pub mod table;

pub use console::{Buffer, Console, Progress, Terminal};
pub use control::{Control, Request, forward};
pub use exit::Exit;
pub use lang::Lang;
pub use lock::{DirLock, LockError};
pub use messages::{Value, text};
pub use problem::Problem;
pub use run::{Call, Common, Program, Seat, Voice};
