//! `invite BANK`: one text to hand over.

use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::ids::{BankId, GroupId};
use serde_json::json;

use super::time;
use crate::office::Office;
use crate::roster::invite;

/// The arguments.
#[derive(clap::Args)]
pub(super) struct Invite {
    /// The bank's id.
    bank: BankId,
    /// Its legal group; its own id if left out.
    #[arg(long)]
    group: Option<GroupId>,
}

impl Invite {
    pub(super) async fn perform(self, office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
        let doing = |problem: Problem| problem.doing("doing-invite");
        let own = || GroupId::parse(self.bank.as_str(), "group").map_err(Problem::bug);
        let group = self.group.clone().map_or_else(own, Ok)?;
        let address = office.advertised();
        let address = address.ok_or_else(|| doing(Problem::usage("coordinator-address-unknown")))?;
        let invite = invite::make(office, &self.bank, &group, address).await;
        let invite = invite.map_err(|error| doing(error.into()))?;
        let text = invite::text(&invite);
        let fingerprint = hex::encode(invite.authority);
        if console.json() {
            let object = json!({
                "bank": self.bank.as_str(),
                "group": group.as_str(),
                "invite": text,
                "fingerprint": fingerprint,
                "expires_at": time(invite.expires_at),
            });
            console.out(&object.to_string());
        } else {
            console.out(&text);
            let args = [("bank", self.bank.as_str().into()), ("until", time(invite.expires_at).into())];
            console.remark("coordinator-invited", &args);
            console.remark("coordinator-fingerprint-told", &[("fingerprint", fingerprint.into())]);
        }
        Ok(Exit::Done)
    }
}
