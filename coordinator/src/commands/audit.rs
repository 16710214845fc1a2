//! `audit`: checks the log, shows its end.

use lianfang_desk::{Console, Exit, Problem};
use serde_json::json;

use super::time;
use crate::audit::{self, Verified};
use crate::office::Office;

/// The subcommands.
#[derive(clap::Subcommand)]
pub(super) enum Audit {
    /// Checks the whole chain.
    Verify,
    /// The last entries, oldest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        last: u32,
    },
}

impl Audit {
    pub(super) async fn perform(self, office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
        match self {
            Self::Verify => verify(office, console).await,
            Self::List { last } => list(office, console, last).await,
        }
    }
}

async fn verify(office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    match audit::verify(office.store.readers()).await? {
        Verified::Whole(head) => {
            let (entries, last) = (head.entries(), head.last().to_hex());
            if console.json() {
                console.out(&json!({"entries": entries, "head": last}).to_string());
            } else {
                console.say("coordinator-audit-whole", &[("entries", entries.into()), ("head", last.into())]);
            }
            Ok(Exit::Done)
        }
        Verified::Broken(broken) => {
            let problem = Problem::fault("audit-broken").with("got", broken.seq.to_string());
            Err(problem.because(broken))
        }
    }
}

async fn list(office: &Office, console: &dyn Console, last: u32) -> Result<Exit, Problem> {
    let entries = audit::last(office.store.readers(), last).await?;
    for entry in &entries {
        // A body is JSON of this program's own making.
        let body: serde_json::Value = serde_json::from_slice(entry.body()).map_err(Problem::bug)?;
        let object = json!({
            "seq": entry.seq(),
            "time": time(entry.time_us()),
            "event": entry.event(),
            "body": body,
            "hash": entry.hash().to_hex(),
        });
        if console.json() {
            console.out(&object.to_string());
        } else {
            console.out(&format!(
                "{:>6}  {}  {:<24}  {body}",
                entry.seq(),
                time(entry.time_us()),
                entry.event()
            ));
        }
    }
    Ok(Exit::Done)
}
