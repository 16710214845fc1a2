//! Schedules over months of a clock that the test moves: each run once, in order, compared with the one before, and only
//! what is new is evaluated. The answer in the clear says what every report must be, byte for byte.
//!
//! | room | what happens there |
//! | --- | --- |
//! | `months` | one schedule, every week for half a year |
//! | `campaigns` | seventeen campaigns of half a year, from their first runs to their last |
//! | `kinds` | two jobs of different kinds beside each other |
//! | `banks` | a bank's people are reminded, a bank's policy bounds what it joins |
//!
//! `stage` has schedules, registers, and the comparison of reports.

mod banks;
mod campaigns;
mod kinds;
mod months;
mod stage;
