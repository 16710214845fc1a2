//! What may be typed behind `evidence`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `evidence`.
#[derive(Subcommand)]
pub enum Evidence {
    /// List what this node accuses holders of.
    List,
    /// Write one accusation into a file.
    Export {
        /// Its number in the list.
        id: i64,
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write roster and key records into a file, for whoever verifies.
    Papers {
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// As a holder, write what a bank has committed itself to into a file.
    Commitments {
        /// The bank.
        bank: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The key's epoch; the newest if left out.
        #[arg(long, value_name = "N")]
        epoch: Option<u32>,
    },
    /// Open commitments of this bank to an inspector.
    Disclose(Disclose),
    /// Say what a file shows.
    Verify(Verify),
}

/// `evidence disclose`.
#[derive(Args)]
pub struct Disclose {
    /// The file, which will hold identifiers in clear.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// A record, by its case number; several times.
    #[arg(long, value_name = "RECORD", required_unless_present = "element")]
    pub record: Vec<String>,
    /// An element: the job's id or terms digest, chunk, position; several times.
    #[arg(long, value_name = "JOB/CHUNK/POSITION")]
    pub element: Vec<String>,
}

/// `evidence verify`.
#[derive(Args)]
pub struct Verify {
    /// The file.
    pub file: PathBuf,
    /// Roster and key records.
    #[arg(long, value_name = "FILE")]
    pub papers: PathBuf,
    /// The key by which the authority signs rosters, if it is known.
    #[arg(long, value_name = "HEX")]
    pub authority: Option<String>,
    /// What a holder has kept of the bank's commitments.
    #[arg(long, value_name = "FILE")]
    pub commitments: Option<PathBuf>,
}
