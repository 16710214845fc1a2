//! Whether a bank can be reached where the roster says: the coordinator dials it, when the bank itself asks.
//!
//! Comes in: a member, proven by its certificate. Goes out: `ok`, or the word for why there is no connection. Only the
//! address of the caller's own line of the roster is dialled, which the regulator has confirmed; a bank is answered once
//! in a while, and only a few are dialled at a time. So nobody scans a network by it.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use lianfang_link::{Dialer, Party};
use lianfang_proto::documents::roster::Member;
use lianfang_proto::ids::BankId;
use tokio::sync::Semaphore;

use crate::ports::Micros;

/// Pause between two trials for one bank.
const PAUSE: Micros = 5_000_000;
/// Trials at once.
const AT_ONCE: usize = 8;

/// The word for one who has asked a moment ago.
pub const NOT_TRIED: &str = "not-tried";
/// The word for one who was reached.
pub const OK: &str = "ok";

/// The way to the banks. It begins with the server: without one nobody asks.
pub struct Reach {
    dialer: OnceLock<Dialer>,
    tried: Mutex<HashMap<BankId, Micros>>,
    slots: Semaphore,
}

impl Default for Reach {
    fn default() -> Self {
        Self { dialer: OnceLock::new(), tried: Mutex::default(), slots: Semaphore::new(AT_ONCE) }
    }
}

impl Reach {
    /// Banks are dialled by this from now on.
    pub fn begin(&self, dialer: Dialer) {
        // Set once: an office has one server.
        let _ = self.dialer.set(dialer);
    }

    /// The way, if there is one.
    pub fn dialer(&self) -> Option<Dialer> {
        self.dialer.get().cloned()
    }

    /// Dials the member at its address.
    pub async fn try_it(&self, member: &Member, now: Micros) -> &'static str {
        let Some(dialer) = self.dialer.get() else { return NOT_TRIED };
        if !self.is_due(&member.bank, now) {
            return NOT_TRIED;
        }
        let Ok(_slot) = self.slots.try_acquire() else { return NOT_TRIED };
        let party = Party::Bank(member.bank.as_str().to_owned());
        match dialer.connect(&member.address, &party).await {
            Ok(_) => OK,
            Err(error) => error.reason(),
        }
    }

    fn is_due(&self, bank: &BankId, now: Micros) -> bool {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        // Members alone come here, and there are not many of them.
        let last = tried.insert(bank.clone(), now);
        let due = last.is_none_or(|last| now < last || now - last >= PAUSE);
        if let (false, Some(last)) = (due, last) {
            tried.insert(bank.clone(), last);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_is_tried_once_in_a_while() {
        let reach = Reach::default();
        let (one, other) = (BankId::parse("one", "bank").unwrap(), BankId::parse("other", "bank").unwrap());
        assert!(reach.is_due(&one, 10) && reach.is_due(&other, 11));
        assert!(!reach.is_due(&one, PAUSE));
        assert!(reach.is_due(&one, 10 + PAUSE), "the refused try does not count");
        assert!(reach.is_due(&one, 0), "a clock that was set back locks nobody out");
    }
}
