//! The command line: one file per command.
//!
//! Comes in: parsed arguments, a console. Goes out: what a person or a script reads, and an exit code. A command runs in
//! this process if the folder is free, else in the process that serves it: the same code either way.

mod args;
mod audit;
mod backup;
mod bench;
mod certificate;
mod doctor;
mod enrol;
mod epoch;
mod evidence;
pub(crate) mod import;
mod init;
pub(crate) mod input;
mod job;
mod joining;
mod key;
mod keys;
mod policy;
mod register;
mod rejects;
mod report;
mod serve;
mod verdict;

use std::path::Path;
use std::sync::Arc;

use lianfang_crypto::lanes::{self, Lanes};
use lianfang_desk::{Call, Console, Exit, Problem, Program, Seat};
use lianfang_link::Tcp;
use lianfang_telemetry::log;

use args::Command;
pub use args::NodeArgs;

use crate::app::App;
use crate::config::Config;
use crate::ports::Ports;

impl Program for NodeArgs {
    fn dir(&self) -> Option<&Path> {
        self.common.dir.as_deref()
    }

    fn seat(&self) -> Seat {
        match self.command {
            Command::Init(_) | Command::Restore(_) | Command::Key(args::Key::Restore(_)) => Seat::Create,
            Command::Serve => Seat::Serve,
            Command::Bench(_) | Command::Evidence(args::Evidence::Verify(_)) => Seat::Free,
            _ => Seat::Ordinary,
        }
    }

    async fn perform(self, mut call: Call) -> Result<Exit, Problem> {
        if let Err(refused) = Lanes::forced() {
            return Err(Problem::usage("usage-value").with("got", refused.got()).field(lanes::VARIABLE));
        }
        let ports = Ports::system();
        let log = match self.command {
            // A configuration that cannot be read is told when it is opened.
            Command::Serve => Config::load(&call.dir).map(|config| config.log).unwrap_or_default(),
            _ => log::Settings::quiet(),
        };
        log::start(&log);
        match self.command {
            Command::Init(init) => init::run(&init, &call, &ports).await,
            Command::Key(args::Key::Restore(restore)) => keys::restore(&restore, &call, &ports),
            Command::Restore(restore) => backup::restore(&restore, &call, &ports).await,
            Command::Bench(bench) => bench::run(&bench, &call, &ports).await,
            Command::Evidence(args::Evidence::Verify(verify)) => verdict::run(&verify, &call),
            Command::Serve => {
                let node = Arc::new(App::open(&call.dir, ports, Arc::new(Tcp::default())).await?);
                serve::run(&node, &mut call).await
            }
            command => {
                let node = match App::open(&call.dir, ports.clone(), Arc::new(Tcp::default())).await {
                    Ok(node) => Arc::new(node),
                    Err(problem) if matches!(command, Command::Doctor) => {
                        return Ok(doctor::unopened(&call, &ports, problem));
                    }
                    Err(problem) => return Err(problem),
                };
                let result = run(&node, command, &call).await;
                node.store.close().await;
                result
            }
        }
    }
}

/// Runs a command on a node that is open here.
pub async fn run(node: &Arc<App>, command: Command, call: &Call) -> Result<Exit, Problem> {
    match command {
        Command::Enrol(enrol) => enrol::run(node, &enrol, call).await,
        Command::Import(import) => import::run(node, &import, call).await,
        Command::Register(register) => register::run(node, &register, call).await,
        Command::Hold(hold) => register::hold(node, &hold, call).await,
        Command::Job(job) => job::run(node, &job, call).await,
        Command::Report(report) => report::run(node, &report, call).await,
        Command::Evidence(evidence) => evidence::run(node, &evidence, call).await,
        Command::Key(key) => key::run(node, &key, call).await,
        Command::Certificate(certificate) => certificate::run(node, &certificate, call).await,
        Command::Policy(policy) => policy::run(node, &policy, call).await,
        Command::Audit(audit) => audit::run(node, &audit, call).await,
        Command::Backup(backup) => backup::back_up(node, &backup, call).await,
        Command::Doctor => doctor::run(node, call).await,
        Command::Init(_) | Command::Serve | Command::Bench(_) | Command::Restore(_) => {
            Err(Problem::usage("not-while-serving"))
        }
    }
}

/// Says a result: an object under `--json`, else a sentence.
fn tell(console: &dyn Console, json: &serde_json::Value, sentence: &str) {
    if console.json() {
        console.out(&json.to_string());
    } else {
        console.out(sentence);
    }
}

/// Hexadecimal digits as people copy them: blanks, hyphens, colons and case do not matter.
fn same_digits(given: &str, wanted: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    !plain(wanted).is_empty() && plain(given) == plain(wanted)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_and_option_is_described_in_both_languages() {
        assert_eq!(lianfang_desk::run::undescribed(NodeArgs::command()), Vec::<String>::new());
    }

    #[test]
    fn digits_are_compared_as_people_copy_them() {
        assert!(same_digits("2A94 a4e1-47:9e", "2a94a4e1479e"));
        assert!(!same_digits("2a94", "2a95"));
        assert!(!same_digits("", ""));
    }
}
