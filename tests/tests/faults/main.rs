//! What can go wrong, and does: each fault is met, the honest lose nothing, and one sentence in each language says at
//! which party and what to do.
//!
//! | room | what goes wrong there |
//! | --- | --- |
//! | `holders` | a holder lies, is gone, refuses |
//! | `banks` | a bank is late, absent, dies, asks for too much, hesitates |
//! | `coordinators` | a coordinator shows others other terms, spoils reports, starts again |
//! | `messages` | a message is too large, out of turn, cut, malformed |
//! | `wire` | a wire is cut, repeats messages, loses answers |
//! | `backups` | a party is restored from a backup, or the backup is spoilt |
//! | `database` | a database server is stopped and started under load |
//! | `machine` | a disk is full, a key file is wrong |
//! | `members` | a bank or a holder is suspended or revoked; a holder that does not hear of it |
//! | `certificates` | certificates that end, keys that are exchanged |
//! | `restored` | stores and keys that were put back from a backup |
//! | `joining` | certificates, invites and ceremonies that are not what they should be |
//!
//! `stage` sets a federation up; `told` reads what people are told.

mod backups;
mod banks;
mod certificates;
mod coordinators;
mod database;
mod holders;
mod joining;
mod machine;
mod members;
mod messages;
mod restored;
mod stage;
mod told;
mod wire;
