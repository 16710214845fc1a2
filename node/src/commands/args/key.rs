//! What may be typed behind `key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `key`.
#[derive(Subcommand)]
pub enum Key {
    /// All key records.
    List,
    /// State that the short digest is the one that people at the holders read out.
    Compare {
        /// The short digest as it was read out; asked for if left out.
        #[arg(long, value_name = "DIGEST")]
        confirm: Option<String>,
        /// The key's epoch; the newest if left out.
        #[arg(long, value_name = "N")]
        epoch: Option<u32>,
    },
    /// Evaluate blinded elements (hex lines on standard input) at a holder, charged as any other.
    Evaluate {
        /// The holder; this node itself if left out.
        #[arg(long, value_name = "BANK")]
        holder: Option<String>,
        /// The key's epoch; the newest if left out.
        #[arg(long, value_name = "N")]
        epoch: Option<u32>,
    },
    /// Ceremonies that a person here decides on.
    Ceremonies,
    /// Take part in a proposed ceremony.
    Join(KeyJoin),
    /// Take no part in it.
    Decline(KeyJoin),
    /// Erase share and outputs of an epoch that is over.
    Close(KeyClose),
    /// As a holder, declare that charges were lost: all counters are full.
    Lost(KeyLost),
    /// Seal this node's keys into a file that opens without this machine.
    Backup(KeyBackup),
    /// Make the keys of a folder that has none from such a file.
    Restore(KeyRestore),
    /// Let another secret open the keys.
    Rekey(KeyRekey),
    /// Exchange the key behind the node's certificate.
    RotateTls {
        /// Refuse the older key at once, for somebody else may have it.
        #[arg(long)]
        at_once: bool,
    },
    /// Use a holder again whose charge numbers went back.
    Trust {
        /// The holder.
        holder: String,
        /// The key's epoch; the newest if left out.
        #[arg(long, value_name = "N")]
        epoch: Option<u32>,
    },
}

/// `key join`, `key decline`.
#[derive(Args)]
pub struct KeyJoin {
    /// The ceremony's id.
    #[arg(value_name = "ID")]
    pub ceremony: String,
}

/// `key backup`.
#[derive(Args)]
pub struct KeyBackup {
    /// The file, which must not be there yet.
    pub file: PathBuf,
    /// A file with the passphrase that opens it.
    #[arg(long, value_name = "FILE", required_unless_present = "recipient", conflicts_with = "recipient")]
    pub passphrase_file: Option<PathBuf>,
    /// A public key of age; whoever has its identity opens it.
    #[arg(long, value_name = "AGE1…")]
    pub recipient: Option<String>,
    /// As a holder, put the key shares in use into it.
    #[arg(long)]
    pub with_shares: bool,
}

/// `key restore`.
#[derive(Args)]
pub struct KeyRestore {
    /// The file.
    pub file: PathBuf,
    /// A file with the passphrase that opens it.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "identity_file",
        conflicts_with = "identity_file"
    )]
    pub passphrase_file: Option<PathBuf>,
    /// A file with the identity of age that opens it.
    #[arg(long, value_name = "FILE")]
    pub identity_file: Option<PathBuf>,
}

/// `key rekey`.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct KeyRekey {
    /// A file of at least 32 random bytes.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// A file with a passphrase.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// A credential that systemd hands over.
    #[arg(long, value_name = "NAME")]
    pub credential: Option<String>,
}

/// `key close`.
#[derive(Args)]
pub struct KeyClose {
    /// The epoch that is over.
    #[arg(long, value_name = "N")]
    pub epoch: u32,
    /// Do not ask again.
    #[arg(long)]
    pub yes: bool,
}

/// `key lost`.
#[derive(Args)]
pub struct KeyLost {
    /// The key's epoch; the newest if left out.
    #[arg(long, value_name = "N")]
    pub epoch: Option<u32>,
    /// The highest charge number that other banks have seen of this holder.
    #[arg(long, value_name = "N")]
    pub seen: Option<u64>,
    /// Do not ask again.
    #[arg(long)]
    pub yes: bool,
}
