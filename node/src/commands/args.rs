//! What may be typed. The texts that people read are in the desk's message files.

mod evidence;
mod import;
mod key;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use lianfang_desk::Common;

pub(super) use evidence::{Disclose, Evidence, Verify};
pub(super) use import::Import;
pub(super) use key::{Key, KeyBackup, KeyClose, KeyJoin, KeyLost, KeyRekey, KeyRestore};

/// A bank's node.
#[derive(Parser)]
#[command(name = "lianfang-node", version)]
pub struct NodeArgs {
    /// Folder, form and language.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What a node can be told to do.
#[derive(Subcommand)]
pub enum Command {
    /// Set up a folder.
    Init(Init),
    /// Join with an invite.
    Enrol(Enrol),
    /// Run the node.
    Serve,
    /// Read a register.
    Import(Import),
    /// Look at the register, or retract a record.
    #[command(subcommand)]
    Register(Register),
    /// Keep a record out of every job, or let it in again.
    Hold(Hold),
    /// Look at jobs, and decide on them.
    #[command(subcommand)]
    Job(Job),
    /// Write a job's report into a folder.
    Report(Report),
    /// Look at the audit log, and verify it.
    #[command(subcommand)]
    Audit(Audit),
    /// Look at keys, compare their records, evaluate.
    #[command(subcommand)]
    Key(Key),
    /// Look at this node's certificate, or renew it now.
    #[command(subcommand)]
    Certificate(Certificate),
    /// Evidence for people outside this node, and what it shows.
    #[command(subcommand)]
    Evidence(Evidence),
    /// Look at the policy; admit members as a holder.
    #[command(subcommand)]
    Policy(Policy),
    /// Measure this machine and predict a job's time.
    Bench(Bench),
    /// Copy store and sealed secrets, also while the node serves.
    Backup(Backup),
    /// Put a backup in the place of what is there.
    Restore(Restore),
    /// Look for what an operator has to look after.
    Doctor,
}

/// `init`.
#[derive(Args)]
pub struct Init {
    /// Where the node will listen; port 0 takes a free one for good.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: String,
    /// What others are told, if it is another address.
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise: Option<String>,
    /// Where other banks reach this one about a case.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub contact: String,
    /// A file of at least 32 random bytes that unlocks all secrets; made if left out.
    #[arg(long, value_name = "FILE", group = "unlock")]
    pub key_file: Option<PathBuf>,
    /// A file with a passphrase.
    #[arg(long, value_name = "FILE", group = "unlock")]
    pub passphrase_file: Option<PathBuf>,
    /// A credential that systemd hands over.
    #[arg(long, value_name = "NAME", group = "unlock")]
    pub credential: Option<String>,
}

/// `enrol`.
#[derive(Args)]
pub struct Enrol {
    /// The text that the regulator handed over.
    pub invite: String,
    /// The authority's fingerprint, as the regulator's people read it out; asked for if left out.
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<String>,
    /// Seconds to wait for the regulator to confirm.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub wait: u64,
}

/// `register`.
#[derive(Subcommand)]
pub enum Register {
    /// Count what is stored.
    List,
    /// Show one record.
    Show {
        /// The case number.
        record: String,
    },
    /// Take a record out.
    Retract {
        /// The case number.
        record: String,
    },
}

/// `hold`.
#[derive(Args)]
pub struct Hold {
    /// The case number.
    pub record: String,
    /// Why: hardship, dispute or victim.
    #[arg(long, value_name = "KIND", required_unless_present = "lift", conflicts_with = "lift")]
    pub kind: Option<String>,
    /// Lift the hold that a person has set.
    #[arg(long)]
    pub lift: bool,
}

/// `job`.
#[derive(Subcommand)]
pub enum Job {
    /// All jobs.
    List,
    /// One job.
    Show {
        /// Its id.
        job: String,
    },
    /// Take part.
    Accept {
        /// Its id.
        job: String,
    },
    /// Take no part.
    Refuse {
        /// Its id.
        job: String,
    },
    /// Try again what has failed.
    Retry {
        /// Its id.
        job: String,
    },
}

/// `report`.
#[derive(Args)]
pub struct Report {
    /// The job's id.
    pub job: String,
    /// The folder to write into.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// `audit`.
#[derive(Subcommand)]
pub enum Audit {
    /// Check that the log holds together.
    Verify,
    /// Show entries, oldest first; the newest 100 if nothing else is asked for.
    List {
        /// How many of the newest.
        #[arg(
            long,
            value_name = "N",
            conflicts_with_all = ["from", "limit"],
            value_parser = clap::value_parser!(u32).range(1..=100_000)
        )]
        last: Option<u32>,
        /// The first entry to show.
        #[arg(long, value_name = "N")]
        from: Option<u64>,
        /// How many from there on.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
}

/// `certificate`.
#[derive(Subcommand)]
pub enum Certificate {
    /// Show whose it is, what it is called and when it ends.
    Show,
    /// Have another one issued now, or take up the bank's own files.
    Renew,
}

/// `policy`.
#[derive(Subcommand)]
pub enum Policy {
    /// What happens without a person, and whom people have admitted.
    Show,
    /// As a holder, answer this member.
    Admit {
        /// The member.
        bank: String,
        /// Its quota per class and epoch, over all holders together.
        #[arg(long, value_name = "N")]
        quota: Option<u64>,
    },
    /// As a holder, answer this member no longer.
    Revoke {
        /// The member.
        bank: String,
    },
    /// As a holder, let this member have more evaluated than its quota.
    Allow {
        /// The member.
        bank: String,
        /// How many elements more at this holder.
        elements: u64,
    },
}

/// `backup`.
#[derive(Args)]
pub struct Backup {
    /// The folder to write into, new or empty.
    pub to: PathBuf,
}

/// `restore`.
#[derive(Args)]
pub struct Restore {
    /// The folder with the backup.
    #[arg(required_unless_present = "server")]
    pub from: Option<PathBuf>,
    /// The store is on a PostgreSQL server and was restored there.
    #[arg(long, conflicts_with = "from")]
    pub server: bool,
    /// State that this node has answered nothing since the backup was made.
    #[arg(long)]
    pub complete: bool,
}

/// `bench`.
#[derive(Args)]
pub struct Bench {
    /// Identifiers of the job to predict.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub identifiers: u64,
    /// `T` of the key.
    #[arg(long, value_name = "T", default_value_t = 3)]
    pub key_threshold: u8,
    /// `M` of the key.
    #[arg(long, value_name = "M", default_value_t = 5)]
    pub holders: u8,
}
