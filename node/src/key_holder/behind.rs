//! What follows when this holder is shown its own signed word of a charge number that its ledger does not reach.
//!
//! Comes in: the number, and who showed it. Goes out: every counter full, for every key that this node answers for, and
//! an entry in the log. Only this holder can have signed such a word, so nobody brings this about by a word of its own.

use serde_json::json;

use super::ledger::{Ledger, LedgerError};
use super::ports::{AuditSink, Noted};
use super::vault::Vault;

/// Counts every ledger as lost that is behind `seen`. Says whether it was.
pub async fn judge(
    ledger: &Ledger,
    vault: &Vault,
    audit: &dyn AuditSink,
    seen: u64,
    shown_by: &str,
) -> Result<bool, LedgerError> {
    let number = ledger.charge_number().await?;
    if seen <= number {
        return Ok(false);
    }
    tracing::error!(
        event = "holder.ledger-behind",
        seen,
        number,
        "the ledger is behind an answer of this node's own: all counters are full"
    );
    let body = json!({ "shown_by": shown_by, "seen": seen, "charge_number": number });
    let said = Noted::new(audit, "holder.ledger-behind", body);
    ledger.declare_lost(&vault.keys(), seen, shown_by, Some(said)).await?;
    Ok(true)
}
