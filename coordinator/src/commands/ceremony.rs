//! `ceremony`: starts, lists and shows key ceremonies.

use lianfang_desk::table::Table;
use lianfang_desk::{Console, Exit, Problem};
use lianfang_proto::catalogue::Class;
use lianfang_proto::ids::{BankId, CeremonyId};
use serde_json::{Value, json};

use super::{banks, no_such_ceremony, span, time};
use crate::ceremony::{board, ledger, propose};
use crate::fault::Error;
use crate::office::Office;
use crate::ports::Micros;

/// The subcommands.
#[derive(clap::Subcommand)]
pub(super) enum Ceremony {
    /// Proposes a ceremony to its holders.
    Start {
        /// The holders, in the order of their shares.
        #[arg(long, value_delimiter = ',', required = true, value_name = "BANK,…")]
        holders: Vec<BankId>,
        /// How many must evaluate together.
        #[arg(long, value_name = "T")]
        threshold: u16,
        /// The class of identifiers.
        #[arg(long, default_value = "subject", value_parser = class)]
        class: Class,
        /// How long it may take.
        #[arg(long, default_value = "1d", value_parser = span::parse, value_name = "SPAN")]
        deadline: Micros,
    },
    /// All ceremonies.
    List,
    /// One ceremony.
    Show {
        /// Its id.
        id: CeremonyId,
    },
}

/// A class by its code.
pub(super) fn class(text: &str) -> Result<Class, String> {
    Class::from_code(text).ok_or_else(|| {
        format!("one of {}", Class::ALL.iter().map(|c| c.code()).collect::<Vec<_>>().join(", "))
    })
}

impl Ceremony {
    pub(super) async fn perform(self, office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
        match self {
            Self::Start { holders, threshold, class, deadline } => {
                let id = propose(office, class, holders, threshold, deadline).await;
                let id = id.map_err(|error| refused(error).doing("doing-ceremony"))?;
                if console.json() {
                    console.out(&json!({"ceremony": id.to_string()}).to_string());
                } else {
                    console.out(&id.to_string());
                }
                Ok(Exit::Done)
            }
            Self::List => list(office, console).await,
            Self::Show { id } => show(office, console, id).await,
        }
    }
}

/// A choice that the rules do not allow is bad usage here, not a peer's fault.
pub(super) fn refused(error: Error) -> Problem {
    match error {
        Error::Refused(fault) if fault.code == lianfang_proto::FaultCode::MalformedField => {
            let problem = Problem::usage("coordinator-choice").field(fault.field.unwrap_or_default());
            problem.with("got", fault.got.unwrap_or_default())
        }
        other => other.into(),
    }
}

async fn read_all(office: &Office) -> Result<Vec<(ledger::Ceremony, Vec<board::Place>)>, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let mut found = Vec::new();
    for ceremony in ledger::all(&mut connection, &office.keys).await? {
        let places = ledger::places(&mut connection, ceremony.id()).await?;
        found.push((ceremony, places));
    }
    Ok(found)
}

fn object(ceremony: &ledger::Ceremony, places: &[board::Place]) -> Value {
    let proposal = ceremony.proposal.value();
    let missing = match ceremony.state {
        ledger::State::Open => board::missing(proposal, places),
        ledger::State::Done | ledger::State::Failed => Vec::new(),
    };
    json!({
        "ceremony": ceremony.id().to_string(),
        "state": ceremony.state.word(),
        "class": proposal.key.class.code(),
        "epoch": proposal.key.epoch.0,
        "threshold": proposal.threshold,
        "holders": banks(&proposal.holders),
        "deadline": time(proposal.deadline),
        "missing": banks(&missing),
        "failure": ceremony.failure,
        "culprits": ceremony.culprits,
    })
}

async fn list(office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    let all = read_all(office).await?;
    if console.json() {
        let all: Vec<Value> = all.iter().map(|(ceremony, places)| object(ceremony, places)).collect();
        console.out(&json!({"ceremonies": all}).to_string());
        return Ok(Exit::Done);
    }
    let headers = ["column-ceremony", "column-class", "column-epoch", "column-state", "column-deadline"];
    let mut table = Table::new(headers.map(|id| console.text(&format!("coordinator-{id}"), &[])));
    for (ceremony, _) in &all {
        let proposal = ceremony.proposal.value();
        let epoch = proposal.key.epoch.0.to_string();
        let (id, deadline) = (ceremony.id().to_string(), time(proposal.deadline));
        table.row([id.as_str(), proposal.key.class.code(), &epoch, ceremony.state.word(), &deadline]);
    }
    console.out(&table.render());
    Ok(Exit::Done)
}

async fn show(office: &Office, console: &dyn Console, id: CeremonyId) -> Result<Exit, Problem> {
    let all = read_all(office).await?;
    let found = all.iter().find(|(ceremony, _)| ceremony.id() == id).ok_or_else(|| no_such_ceremony(id))?;
    let object = object(&found.0, &found.1);
    if console.json() {
        console.out(&object.to_string());
    } else {
        super::job::fields(console, &object);
        if !found.0.failure.is_empty() {
            let problem = Problem::fault(&found.0.failure).doing("doing-ceremony");
            console.out(&problem.at(found.0.culprits.join(", ")).sentence(console.lang()));
        }
    }
    Ok(Exit::Done)
}
