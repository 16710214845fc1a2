//! What may be typed behind `import`.

use std::path::PathBuf;

use clap::Args;

/// `import`.
#[derive(Args)]
pub struct Import {
    /// The register.
    #[arg(required_unless_present_any = ["from", "source"], conflicts_with_all = ["from", "source"])]
    pub file: Option<PathBuf>,
    /// A server to ask instead: `postgres://user@host/database` or `mysql://user@host/database`.
    #[arg(long, value_name = "ADDRESS", requires = "query", conflicts_with = "source")]
    pub from: Option<String>,
    /// What to ask: one statement, or `@` and a file with it.
    #[arg(long, value_name = "SQL", requires = "from")]
    pub query: Option<String>,
    /// A file with the server's password.
    #[arg(long, value_name = "FILE", requires = "from")]
    pub password_file: Option<PathBuf>,
    /// How long the query may take.
    #[arg(long, value_name = "SPAN", requires = "from")]
    pub timeout: Option<String>,
    /// A server that the configuration names.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Retract the records that the file lacks.
    #[arg(long)]
    pub full: bool,
    /// Also if they are many, or the file has rows that cannot be read.
    #[arg(long)]
    pub retract_many: bool,
    /// Change nothing; show what would be read.
    #[arg(long)]
    pub dry_run: bool,
    /// A file that names other headers.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// The file's format, instead of the one found: csv, xlsx or parquet.
    #[arg(long, value_name = "NAME", requires = "file")]
    pub format: Option<String>,
    /// The sheet of a workbook, instead of the first with a header.
    #[arg(long, value_name = "NAME", requires = "file")]
    pub sheet: Option<String>,
    /// The file's encoding, instead of the one found.
    #[arg(long, value_name = "NAME", requires = "file")]
    pub encoding: Option<String>,
    /// Where to write what could not be read; beside the register if left out.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}
