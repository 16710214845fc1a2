//! `config.toml`: what an operator decides. Unknown fields are refused, and everything has a default but the address.
//!
//! Comes in: the file's text. Goes out: [`Config`], or a problem that names the field.

use std::path::{Path, PathBuf};

use lianfang_desk::Problem;
use lianfang_desk::problem::AtPath as _;
use lianfang_trust::at_rest::file::write_atomically;
use serde::{Deserialize, Serialize};

use crate::ports::Micros;

/// The file's name within the folder.
pub const FILE: &str = "config.toml";

/// Everything that `config.toml` may say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the coordinator listens, `host:port`; port 0 takes a free one.
    pub listen: String,
    /// What invites tell banks to dial, `host:port`; the address it listens at if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    /// Totals from 1 to one less than this are not shown.
    #[serde(default = "suppressed_below")]
    pub suppressed_below: u64,
    /// How long after its deadline a job waits for returns, and then for countersignatures.
    #[serde(default = "grace_seconds")]
    pub grace_seconds: u32,
    /// After how many days the shares of a key in use are renewed; 0 leaves it to people.
    #[serde(default)]
    pub refresh_days: u16,
    /// Answer gRPC reflection.
    #[serde(default)]
    pub reflection: bool,
    /// How the secrets are unlocked.
    pub unlock: Unlock,
}

/// Where the secret lies that opens all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Unlock {
    /// A file of at least 32 random bytes; relative to the folder.
    KeyFile(PathBuf),
    /// A file with a passphrase; relative to the folder.
    PassphraseFile(PathBuf),
    /// A credential that the service manager hands over.
    Credential(String),
}

const fn suppressed_below() -> u64 {
    5
}

const fn grace_seconds() -> u32 {
    3_600
}

impl Config {
    /// The defaults, with these addresses.
    pub fn new(listen: String, advertise: Option<String>, unlock: Unlock) -> Self {
        let (suppressed_below, grace_seconds) = (suppressed_below(), grace_seconds());
        Self { listen, advertise, suppressed_below, grace_seconds, refresh_days: 0, reflection: false, unlock }
    }

    /// The folder's configuration.
    pub fn read(dir: &Path) -> Result<Self, Problem> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path).at_path(&path)?;
        let config: Self = toml::from_str(&text).map_err(|error| invalid(&path, &error))?;
        match config.wrong_field() {
            Some(field) => {
                let problem = Problem::fault("config-invalid").with("path", &*path).field(field);
                Err(problem.with("detail", "host:port"))
            }
            None => Ok(config),
        }
    }

    /// Writes it, at `init` alone.
    pub fn write(&self, dir: &Path) -> Result<(), Problem> {
        let path = dir.join(FILE);
        let text = toml::to_string_pretty(self).map_err(Problem::bug)?;
        write_atomically(&path, text.as_bytes()).map_err(Problem::bug)
    }

    /// The field that is no address, if one is not.
    pub fn wrong_field(&self) -> Option<&'static str> {
        let advertised = self.advertise.as_deref().is_none_or(is_address);
        match (is_address(&self.listen), advertised) {
            (false, _) => Some("listen"),
            (true, false) => Some("advertise"),
            (true, true) => None,
        }
    }

    /// [`refresh_days`](Self::refresh_days) in microseconds, if shares are renewed by themselves.
    pub fn refresh_every(&self) -> Option<Micros> {
        (self.refresh_days > 0).then(|| Micros::from(self.refresh_days) * 86_400_000_000)
    }

    /// [`grace_seconds`](Self::grace_seconds) in microseconds.
    pub fn grace(&self) -> Micros {
        Micros::from(self.grace_seconds) * 1_000_000
    }
}

fn is_address(text: &str) -> bool {
    let limit = lianfang_proto::limits::ADDRESS_BYTES;
    text.len() <= limit
        && text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// What stands in the file is told by the parser's own words, which quote no secret: there is none in it.
fn invalid(path: &Path, error: &toml::de::Error) -> Problem {
    let said = error.message();
    let unknown = said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    match unknown {
        Some((field, _)) => Problem::fault("config-unknown-field").with("path", path).field(field),
        None => Problem::fault("config-invalid").with("path", path).field(FILE).with("detail", said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Problem> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), text).unwrap();
        Config::read(dir.path())
    }

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::new("hub:1".to_owned(), None, Unlock::KeyFile("secrets/unlock.key".into()));
        config.write(dir.path()).unwrap();
        assert_eq!(Config::read(dir.path()).unwrap(), config);
    }

    #[test]
    fn unknown_fields_and_bad_addresses_are_named() {
        let good = "listen = \"0.0.0.0:7443\"\nunlock = { key-file = \"k\" }\n";
        assert_eq!(read(good).unwrap().suppressed_below, 5);
        assert!(
            !read(good).unwrap().reflection
                && read(&format!("reflection = true\n{good}")).unwrap().reflection
        );
        let error = read(&format!("lissten = 1\n{good}")).unwrap_err();
        assert_eq!(error.code(), "config-unknown-field");
        assert!(error.sentence(lianfang_desk::Lang::En).contains("lissten"));
        let error = read("listen = \"7443\"\nunlock = { key-file = \"k\" }\n").unwrap_err();
        assert_eq!(error.code(), "config-invalid");
        assert_eq!(read("listen = 3").unwrap_err().code(), "config-invalid");
    }
}
