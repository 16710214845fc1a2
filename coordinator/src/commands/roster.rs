//! `roster`: members and those who ask; confirming, suspending, resuming; the authority's fingerprint.

use lianfang_desk::table::Table;
use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::documents::roster::Standing;
use lianfang_proto::ids::BankId;
use serde_json::json;

use crate::fault::Error;
use crate::office::Office;
use crate::roster::enrol::{self, Applicant};
use crate::roster::set_standing;

/// The subcommands.
#[derive(clap::Subcommand)]
pub(super) enum Roster {
    /// Members, and banks that wait to be confirmed.
    List,
    /// Admits a bank whose fingerprint has been compared.
    Confirm {
        /// The bank.
        bank: BankId,
        /// The fingerprint that the bank has read out.
        #[arg(long, value_name = "HEX")]
        confirm: Option<String>,
    },
    /// Suspends a member.
    Suspend {
        /// The bank.
        bank: BankId,
    },
    /// Lets a suspended member take part again.
    Resume {
        /// The bank.
        bank: BankId,
    },
    /// Ends a member's membership for good.
    Revoke {
        /// The bank.
        bank: BankId,
        /// Do not ask again.
        #[arg(long)]
        yes: bool,
    },
    /// What banks compare before they trust the authority.
    Fingerprint,
}

impl Roster {
    pub(super) async fn perform(self, office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
        let doing = |problem: Problem| problem.doing("doing-roster");
        match self {
            Self::List => list(office, console).await,
            Self::Confirm { bank, confirm } => {
                confirm_bank(office, console, &bank, confirm).await.map_err(doing)
            }
            Self::Suspend { bank } => stand(office, console, &bank, Standing::Suspended).await.map_err(doing),
            Self::Resume { bank } => stand(office, console, &bank, Standing::Active).await.map_err(doing),
            Self::Revoke { bank, yes } => revoke(office, console, &bank, yes).await.map_err(doing),
            Self::Fingerprint => {
                let fingerprint = hex::encode(office.keys.fingerprint()?);
                if console.json() {
                    console.out(&json!({"fingerprint": fingerprint}).to_string());
                } else {
                    console.out(&fingerprint);
                }
                Ok(Exit::Done)
            }
        }
    }
}

async fn applicants(office: &Office) -> Result<Vec<Applicant>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    enrol::waiting(&mut connection).await
}

async fn list(office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    let waiting = applicants(office).await?;
    let in_force = office.book.now();
    let roster = in_force.roster();
    if console.json() {
        let members: Vec<_> = roster
            .members
            .iter()
            .map(|m| {
                json!({
                    "bank": m.bank.as_str(),
                    "group": m.group.as_str(),
                    "active": m.standing == Standing::Active,
                    "standing": m.standing.word(),
                    "address": m.address,
                    "fingerprint": m.identity.fingerprint(),
                })
            })
            .collect();
        let waiting: Vec<_> = waiting
            .iter()
            .map(|a| json!({"bank": a.bank.as_str(), "fingerprint": a.identity.fingerprint()}))
            .collect();
        let digest = in_force.digest().to_hex();
        let object =
            json!({"version": roster.version, "digest": digest, "members": members, "waiting": waiting});
        console.out(&object.to_string());
        return Ok(Exit::Done);
    }
    let word = |id: &str| console.text(id, &[]);
    let headers = ["column-bank", "column-group", "column-standing", "column-address", "column-fingerprint"];
    let mut table = Table::new(headers.map(|id| word(&format!("coordinator-{id}"))));
    for m in &roster.members {
        let standing = word(&format!("coordinator-standing-{}", m.standing.word()));
        let fingerprint = m.identity.fingerprint();
        table.row([m.bank.as_str(), m.group.as_str(), &standing, &m.address, &fingerprint]);
    }
    for a in &waiting {
        let standing = word("coordinator-standing-waiting");
        table.row([a.bank.as_str(), "", &standing, "", &a.identity.fingerprint()]);
    }
    console.out(&table.render());
    Ok(Exit::Done)
}

/// Digits alone, so that blanks and capitals do not matter.
fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != ':').map(|c| c.to_ascii_lowercase()).collect()
}

async fn confirm_bank(
    office: &Office,
    console: &dyn Console,
    bank: &BankId,
    given: Option<String>,
) -> Result<Exit, Problem> {
    let waiting = applicants(office).await?;
    let waiting: Vec<&Applicant> = waiting.iter().filter(|applicant| &applicant.bank == bank).collect();
    let Some(newest) = waiting.first() else {
        let member = office.book.now().roster().member(bank).map(|m| digits(&m.identity.fingerprint()));
        // A confirmation that is repeated by a script is no error.
        if member.is_some() && member == given.as_deref().map(digits) {
            return Ok(told(office, console, bank));
        }
        return Err(Problem::later("coordinator-nobody-waits").with("bank", bank.as_str()));
    };
    let given = if let Some(given) = given {
        given
    } else {
        let question = console.text("coordinator-ask-fingerprint", &[("bank", bank.as_str().into())]);
        console.ask(&question, "--confirm").await?
    };
    let same = waiting.iter().find(|a| digits(&a.identity.fingerprint()) == digits(&given));
    let Some(applicant) = same else {
        let problem = Problem::refused("fingerprint-differs").at(bank.as_str());
        return Err(problem
            .with("wanted", digits(&given))
            .with("got", digits(&newest.identity.fingerprint())));
    };
    enrol::confirm(office, applicant).await?;
    Ok(told(office, console, bank))
}

async fn revoke(office: &Office, console: &dyn Console, bank: &BankId, yes: bool) -> Result<Exit, Problem> {
    if !yes {
        let question = console.text("coordinator-ask-revoke", &[("bank", bank.as_str().into())]);
        let answer = console.ask(&question, "--yes").await?;
        if answer.trim() != bank.as_str() {
            return Err(Problem::refused("not-confirmed"));
        }
    }
    stand(office, console, bank, Standing::Revoked).await
}

async fn stand(
    office: &Office,
    console: &dyn Console,
    bank: &BankId,
    standing: Standing,
) -> Result<Exit, Problem> {
    set_standing(office, bank, standing).await?;
    Ok(told(office, console, bank))
}

/// Says under which version of the roster the change stands.
fn told(office: &Office, console: &dyn Console, bank: &BankId) -> Exit {
    let version = office.book.now().roster().version;
    if console.json() {
        console.out(&json!({"bank": bank.as_str(), "roster_version": version}).to_string());
    } else {
        console.say(
            "coordinator-roster-changed",
            &[("bank", bank.as_str().into()), ("version", version.into())],
        );
    }
    Exit::Done
}
