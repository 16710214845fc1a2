//! `ceremony`: starts, lists and shows key ceremonies; and says where each key stands in its life.

use lianfang_desk::table::Table;
use lianfang_desk::{Call, Console, Exit, Problem};
use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::ceremony::Task;
use lianfang_proto::ids::{BankId, CeremonyId, Epoch};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Canonical as _;
use serde_json::{Value, json};

use super::{banks, no_such_ceremony, span, time};
use crate::ceremony::state::State;
use crate::ceremony::{Choice, EXCHANGED, board, ledger, life, refresh, repair, start};
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
        /// The new key's epoch, where nodes know later ones than this store, which is an old copy; the next if left out.
        #[arg(long, value_name = "N")]
        epoch: Option<u32>,
        /// The class of identifiers.
        #[arg(long, default_value = "subject", value_parser = class)]
        class: Class,
        /// How long it may take.
        #[arg(long, default_value = "1d", value_parser = span::parse, value_name = "SPAN")]
        deadline: Micros,
    },
    /// Proposes new shares of a key to its holders.
    Refresh {
        /// Which key.
        #[command(flatten)]
        key: Key,
    },
    /// Proposes to rebuild a holder's lost share.
    Repair {
        /// Whose share is lost.
        #[arg(long, value_name = "BANK")]
        holder: BankId,
        /// The holders that help.
        #[arg(long, value_delimiter = ',', value_name = "BANK,…")]
        helpers: Vec<BankId>,
        /// Which key.
        #[command(flatten)]
        key: Key,
    },
    /// All ceremonies.
    List,
    /// One ceremony.
    Show {
        /// Its id.
        id: CeremonyId,
    },
    /// Every key, and where it stands.
    Keys,
    /// New jobs name this epoch from now on.
    Activate {
        /// The epoch.
        #[arg(long, value_name = "N")]
        epoch: u32,
        /// How long the key before it goes on.
        #[arg(long, default_value = "30d", value_parser = span::parse, value_name = "SPAN")]
        overlap: Micros,
        /// The class of identifiers.
        #[arg(long, default_value = "subject", value_parser = class)]
        class: Class,
    },
    /// No new job names this epoch, and it ends.
    Retire {
        /// The epoch.
        #[arg(long, value_name = "N")]
        epoch: u32,
        /// In how much time.
        #[arg(long, default_value = "30d", value_parser = span::parse, value_name = "SPAN")]
        closes: Micros,
        /// The class of identifiers.
        #[arg(long, default_value = "subject", value_parser = class)]
        class: Class,
    },
    /// The epoch is over now.
    Close {
        /// The epoch.
        #[arg(long, value_name = "N")]
        epoch: u32,
        /// The class of identifiers.
        #[arg(long, default_value = "subject", value_parser = class)]
        class: Class,
    },
}

/// A key that there is, and how long a ceremony for it may take.
#[derive(clap::Args)]
pub(super) struct Key {
    /// The key's epoch; the newest that is not over if left out.
    #[arg(long, value_name = "N")]
    epoch: Option<u32>,
    /// The class of identifiers.
    #[arg(long, default_value = "subject", value_parser = class)]
    class: Class,
    /// How long it may take.
    #[arg(long, default_value = "1d", value_parser = span::parse, value_name = "SPAN")]
    deadline: Micros,
}

impl Key {
    fn chosen<'a>(&self, by: &'a str) -> Choice<'a> {
        Choice { class: self.class, epoch: self.epoch.map(Epoch), lasts: self.deadline, by }
    }
}

/// A class by its code.
pub(super) fn class(text: &str) -> Result<Class, String> {
    Class::from_code(text).ok_or_else(|| {
        format!("one of {}", Class::ALL.iter().map(|c| c.code()).collect::<Vec<_>>().join(", "))
    })
}

impl Ceremony {
    pub(super) async fn perform(self, office: &Office, call: &Call) -> Result<Exit, Problem> {
        let (console, by) = (call.console.as_ref(), call.person.as_str());
        match self {
            Self::Start { holders, threshold, epoch, class, deadline } => {
                let choice = Choice { class, epoch: epoch.map(Epoch), lasts: deadline, by };
                proposed(console, start(office, &choice, holders, threshold).await)
            }
            Self::Refresh { key } => proposed(console, refresh(office, &key.chosen(by)).await),
            Self::Repair { holder, helpers, key } => {
                proposed(console, repair(office, &key.chosen(by), holder, &helpers).await)
            }
            Self::List => list(office, console).await,
            Self::Show { id } => show(office, console, id).await,
            Self::Keys => keys(office, console).await,
            Self::Activate { epoch, overlap, class } => {
                let done = life::activate(office, class, Epoch(epoch), overlap, by).await;
                turned(office, console, class, epoch, done).await
            }
            Self::Retire { epoch, closes, class } => {
                let closes_at = office.now().saturating_add(closes);
                let done = life::retire(office, class, Epoch(epoch), closes_at, by).await;
                turned(office, console, class, epoch, done).await
            }
            Self::Close { epoch, class } => {
                let done = life::close(office, class, Epoch(epoch), by).await;
                turned(office, console, class, epoch, done).await
            }
        }
    }
}

fn proposed(console: &dyn Console, id: Result<CeremonyId, Error>) -> Result<Exit, Problem> {
    let id = id.map_err(|error| refused(error).doing("doing-ceremony"))?;
    if console.json() {
        console.out(&json!({"ceremony": id.to_string()}).to_string());
    } else {
        console.out(&id.to_string());
    }
    Ok(Exit::Done)
}

async fn turned(
    office: &Office,
    console: &dyn Console,
    class: Class,
    epoch: u32,
    done: Result<(), Error>,
) -> Result<Exit, Problem> {
    done.map_err(refused)?;
    let lives = read_lives(office).await?;
    let turned = lives.iter().find(|life| life["class"] == class.code() && life["epoch"] == epoch);
    let turned = turned.cloned().unwrap_or_default();
    if console.json() {
        console.out(&turned.to_string());
    } else {
        super::job::fields(console, &turned);
    }
    Ok(Exit::Done)
}

async fn read_lives(office: &Office) -> Result<Vec<Value>, Problem> {
    let mut connection = office.store.readers().acquire().await.map_err(Error::from)?;
    let mut lives = Vec::new();
    for life in life::all(&mut connection).await? {
        let record = ledger::newest_record(&mut connection, life.class, Some(life.epoch)).await?;
        let holders = record.as_ref().map(|record| {
            record.record().holders.iter().map(|holder| holder.bank.to_string()).collect::<Vec<_>>()
        });
        lives.push(json!({
            "class": life.class.code(), "epoch": life.epoch.0, "state": life.state.code(),
            "generation": record.as_ref().map(|record| record.record().key.generation.0),
            "threshold": record.as_ref().map(|record| record.record().threshold),
            "holders": holders,
            "short_digest": record.as_ref().map(|record| record.record().digest().short()),
            "closes_at": life.closes_at.map(time),
        }));
    }
    Ok(lives)
}

async fn keys(office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    let lives = read_lives(office).await?;
    if console.json() {
        console.out(&json!({"keys": lives}).to_string());
        return Ok(Exit::Done);
    }
    let headers = ["column-class", "column-epoch", "column-generation", "column-state", "column-closes"];
    let mut table = Table::new(headers.map(|id| console.text(&format!("coordinator-{id}"), &[])));
    for life in &lives {
        let cell = |name: &str| match &life[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let cells = ["class", "epoch", "generation", "state", "closes_at"].map(cell);
        table.row([cells[0].as_str(), &cells[1], &cells[2], &cells[3], &cells[4]]);
    }
    console.out(&table.render());
    Ok(Exit::Done)
}

/// A choice that the rules do not allow is bad usage here, not a peer's fault.
pub(super) fn refused(error: Error) -> Problem {
    match error {
        Error::Refused(fault) if fault.code == FaultCode::MalformedField => {
            let field = fault.field.unwrap_or_default();
            let code = match field.as_str() {
                // What can be done with a key is seen at the keys, not at the members.
                "--epoch" => "coordinator-epoch-choice",
                EXCHANGED => "coordinator-repair-exchanged",
                _ => "coordinator-choice",
            };
            Problem::usage(code).field(field).with("got", fault.got.unwrap_or_default())
        }
        Error::Refused(fault) if is_ceremony_open(&fault) => {
            Problem::later("coordinator-ceremony-open").with("ceremony", fault.got.unwrap_or_default())
        }
        other => other.into(),
    }
}

/// Whether another ceremony of the class is in the way.
fn is_ceremony_open(fault: &Fault) -> bool {
    fault.code == FaultCode::Busy && fault.field.as_deref() == Some("ceremony") && fault.got.is_some()
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

fn object(office: &Office, ceremony: &ledger::Ceremony, places: &[board::Place]) -> Value {
    let proposal = ceremony.proposal.value();
    let in_force = office.book.now();
    let matter = board::Matter { proposal, base: None, roster: in_force.roster() };
    let missing = match ceremony.state {
        State::Open => board::missing(matter, places),
        State::Done | State::Failed => Vec::new(),
    };
    json!({
        "ceremony": ceremony.id().to_string(),
        "task": proposal.task.code(),
        "lost": match &proposal.task {
            Task::Repair { lost, .. } => Some(lost.as_str()),
            Task::Generate | Task::Refresh { .. } => None,
        },
        "helpers": match &proposal.task {
            Task::Repair { helpers, .. } => banks(helpers),
            Task::Generate | Task::Refresh { .. } => Vec::new(),
        },
        "generation": proposal.key.generation.0,
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
        let all: Vec<Value> = all.iter().map(|(ceremony, places)| object(office, ceremony, places)).collect();
        console.out(&json!({"ceremonies": all}).to_string());
        return Ok(Exit::Done);
    }
    let headers =
        ["column-ceremony", "column-task", "column-class", "column-epoch", "column-state", "column-deadline"];
    let mut table = Table::new(headers.map(|id| console.text(&format!("coordinator-{id}"), &[])));
    for (ceremony, _) in &all {
        let proposal = ceremony.proposal.value();
        let epoch = proposal.key.epoch.0.to_string();
        let (id, deadline) = (ceremony.id().to_string(), time(proposal.deadline));
        table.row([
            id.as_str(),
            proposal.task.code(),
            proposal.key.class.code(),
            &epoch,
            ceremony.state.word(),
            &deadline,
        ]);
    }
    console.out(&table.render());
    Ok(Exit::Done)
}

async fn show(office: &Office, console: &dyn Console, id: CeremonyId) -> Result<Exit, Problem> {
    let all = read_all(office).await?;
    let found = all.iter().find(|(ceremony, _)| ceremony.id() == id).ok_or_else(|| no_such_ceremony(id))?;
    let object = object(office, &found.0, &found.1);
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
