//! The command line: one file per command.
//!
//! All but `init` and `serve` work on an opened [`Office`]: in this process if the folder is free, else inside the one that
//! serves, by the same code.

mod audit;
pub(crate) mod backup;
mod ceremony;
mod doctor;
pub mod init;
mod invite;
mod job;
mod key;
mod roster;
mod schedule;
mod serve;
mod span;
mod summary;
mod terms;

use std::path::Path;
use std::sync::Arc;

use lianfang_desk::{Call, Common, Exit, Problem, Program, Seat, Voice};
use lianfang_proto::ids::{BankId, CeremonyId, JobId};
use lianfang_telemetry::log;

use crate::audit as audit_log;
use crate::fault::OLD_KEYS;
use crate::office::Office;
use crate::ports::Ports;

/// The regulator's coordinator.
#[derive(clap::Parser)]
#[command(name = "lianfang-coordinator", version, subcommand_required = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Init(init::Init),
    Invite(invite::Invite),
    Serve,
    #[command(subcommand)]
    Roster(roster::Roster),
    #[command(subcommand)]
    Ceremony(ceremony::Ceremony),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Job(job::Job),
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    Summary {
        /// The job.
        job: JobId,
    },
    #[command(subcommand)]
    Audit(audit::Audit),
    Doctor,
    Backup(backup::Backup),
    Restore(backup::Restore),
}

impl Cli {
    /// How it is to speak.
    pub(crate) fn voice(&self) -> Voice {
        self.common.voice
    }

    /// Does an ordinary command on an opened office.
    pub(crate) async fn perform_in(self, office: &Arc<Office>, call: &Call) -> Result<Exit, Problem> {
        // What another process has changed is known before anything is decided on it.
        office.catch_up().await?;
        audit_log::by_person(&call.person, self.decided(office, call)).await
    }

    /// Does an ordinary command in a folder that nobody serves.
    pub(crate) async fn perform_alone(self, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
        let office = match Office::open(&call.dir, ports.clone()).await {
            Ok(office) => office,
            Err(problem) if matches!(self.command, Command::Doctor) => {
                return Ok(doctor::unopened(&call.dir, problem, call.console.as_ref()));
            }
            Err(problem)
                if matches!(self.command, Command::Key(key::Key::RotateTls))
                    && problem.code() == OLD_KEYS =>
            {
                return Box::pin(key::rotate_older_tls(call, ports)).await;
            }
            Err(problem) => return Err(problem),
        };
        let ended = self.perform_in(&office, call).await;
        office.store.close().await;
        ended
    }

    async fn decided(self, office: &Arc<Office>, call: &Call) -> Result<Exit, Problem> {
        let console = call.console.as_ref();
        match self.command {
            Command::Invite(invite) => invite.perform(office, console).await,
            Command::Roster(roster) => roster.perform(office, console).await,
            Command::Ceremony(ceremony) => ceremony.perform(office, call).await,
            Command::Job(job) => job.perform(office, console).await,
            Command::Key(key) => key.perform(office, call).await,
            Command::Schedule(schedule) => schedule.perform(office, call).await,
            Command::Summary { job } => summary::perform(job, office, console).await,
            Command::Audit(audit) => audit.perform(office, console).await,
            Command::Doctor => doctor::perform(office, console).await,
            Command::Backup(backup) => backup.perform(office, call).await,
            Command::Init(_) | Command::Serve | Command::Restore(_) => {
                Err(Problem::bug(anyhow::anyhow!("no ordinary command")))
            }
        }
    }
}

impl Program for Cli {
    fn dir(&self) -> Option<&Path> {
        self.common.dir.as_deref()
    }

    fn seat(&self) -> Seat {
        match self.command {
            Command::Init(_) | Command::Restore(_) => Seat::Create,
            Command::Key(ref key) if key.restores().is_some() => Seat::Create,
            Command::Serve => Seat::Serve,
            Command::Invite(_)
            | Command::Roster(_)
            | Command::Ceremony(_)
            | Command::Key(_)
            | Command::Job(_)
            | Command::Schedule(_)
            | Command::Summary { .. }
            | Command::Audit(_)
            | Command::Doctor
            | Command::Backup(_) => Seat::Ordinary,
        }
    }

    async fn perform(self, call: Call) -> Result<Exit, Problem> {
        if !matches!(self.command, Command::Serve) {
            log::start(&log::Settings::quiet());
        }
        if let Command::Key(key) = &self.command
            && let Some(restore) = key.restores()
        {
            return key::Key::restore(restore, &call, &Ports::system());
        }
        match self.command {
            Command::Init(init) => init.perform(&call, &Ports::system()),
            Command::Restore(restore) => restore.perform(&call, &Ports::system()).await,
            Command::Serve => serve::perform(call).await,
            _ => Box::pin(self.perform_alone(&call, &Ports::system())).await,
        }
    }
}

/// A list of banks, as options take it.
fn banks(ids: &[BankId]) -> Vec<&str> {
    ids.iter().map(BankId::as_str).collect()
}

/// A time as people and scripts read it: RFC 3339, UTC.
fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map(|time| time.to_string()).unwrap_or_default()
}

/// An id that is not there.
fn no_such_job(id: JobId) -> Problem {
    Problem::fault("job-unknown").field("ID").with("got", id.to_string())
}

/// An id that is not there.
fn no_such_ceremony(id: CeremonyId) -> Problem {
    Problem::fault("ceremony-unknown").field("ID").with("got", id.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_is_described_in_both_languages() {
        Cli::command().debug_assert();
        assert_eq!(lianfang_desk::run::undescribed(Cli::command()), Vec::<String>::new());
    }
}
