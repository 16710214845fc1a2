//! `config.toml`: what an operator decides. Unknown fields are refused, and everything has a default but the address.
//!
//! Comes in: the file's text. Goes out: [`Config`], or a problem that names the field.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lianfang_desk::problem::AtPath as _;
use lianfang_desk::{Problem, parsed};
use lianfang_telemetry::{http, log, trace};
use lianfang_trust::at_rest::file::write_atomically;
use serde::{Deserialize, Serialize};

pub use lianfang_trust::at_rest::Unlock;

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
    /// Matches per hundred rows of a bank's submission from which on its match rate raises the alarm; 100 never does.
    #[serde(default = "match_rate_alarm_percent")]
    pub match_rate_alarm_percent: u8,
    /// Where probes and numbers are served; nowhere if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<http::Settings>,
    /// Which log lines are written, and how.
    #[serde(default, skip_serializing_if = "log::Settings::is_default")]
    pub log: log::Settings,
    /// Where spans are sent; nowhere if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<trace::Settings>,
    /// How the secrets are unlocked.
    pub unlock: Unlock,
    /// Where rows and files are kept.
    #[serde(default, skip_serializing_if = "StorePlace::is_default")]
    pub store: StorePlace,
    /// How `serve` behaves.
    #[serde(default, skip_serializing_if = "Serve::is_default")]
    pub serve: Serve,
}

/// Where rows and files are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct StorePlace {
    /// A file, readable by its owner alone, with the address of a PostgreSQL server: `postgres://…`. Relative to the
    /// folder. Left out, the store is a file in the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// The folder of submissions and reports; `jobs` if left out, relative to the coordinator's folder. Coordinators that
    /// share a database must share this folder too, on a file system that all their machines have mounted: a bank sends its
    /// rows to one of them, another may match them, and a third hand the report out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<PathBuf>,
}

impl StorePlace {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How `serve` behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// How long the steps in hand may take to end when the coordinator is told to stop. What is cut off is done again.
    pub grace_seconds: u32,
}

impl Default for Serve {
    fn default() -> Self {
        Self { grace_seconds: 20 }
    }
}

impl Serve {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// [`grace_seconds`](Self::grace_seconds) as a span.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds.into())
    }
}

const fn suppressed_below() -> u64 {
    5
}

const fn match_rate_alarm_percent() -> u8 {
    50
}

const fn grace_seconds() -> u32 {
    3_600
}

impl Config {
    /// The defaults, with these addresses.
    pub fn new(listen: String, advertise: Option<String>, unlock: Unlock) -> Self {
        let (suppressed_below, grace_seconds) = (suppressed_below(), grace_seconds());
        Self {
            listen,
            advertise,
            suppressed_below,
            grace_seconds,
            refresh_days: 0,
            reflection: false,
            match_rate_alarm_percent: match_rate_alarm_percent(),
            http: None,
            log: log::Settings::default(),
            traces: None,
            unlock,
            store: StorePlace::default(),
            serve: Serve::default(),
        }
    }

    /// The folder's configuration.
    pub fn read(dir: &Path) -> Result<Self, Problem> {
        let path = dir.join(FILE);
        Self::parse(dir, &std::fs::read_to_string(&path).at_path(&path)?)
    }

    /// What this text says as the folder's configuration.
    pub fn parse(dir: &Path, text: &str) -> Result<Self, Problem> {
        let path = dir.join(FILE);
        let config: Self = toml::from_str(text)
            .map_err(|error| parsed::refused(&path, text, error.message(), error.span()))?;
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
        let http = self.http.as_ref().is_none_or(|http| http.address().is_ok());
        let fields = [("listen", is_address(&self.listen)), ("advertise", advertised), ("http.listen", http)];
        fields.into_iter().find(|(_, fits)| !fits).map(|(field, _)| field)
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
    fn the_store_is_a_file_unless_an_address_is_named() {
        let good = "listen = \"0.0.0.0:7443\"\nunlock = { key-file = \"k\" }\n";
        assert_eq!(read(good).unwrap().store.url_file, None);
        let named = read(&format!("{good}[store]\nurl-file = \"store.url\"\n")).unwrap();
        assert_eq!(named.store.url_file, Some(PathBuf::from("store.url")));
        let error = read(&format!("{good}[store]\nurl = \"postgres://u:secret@h/d\"\n")).unwrap_err();
        assert_eq!(error.code(), "config-unknown-field");
        assert!(!error.sentence(lianfang_desk::Lang::En).contains("secret"));
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
        let error = read(&format!("{good}grace_seconds = \"my secret\"\n")).unwrap_err();
        assert_eq!(
            (error.code(), &error.json()["error"]["field"]),
            ("config-invalid", &"config.toml:3".into())
        );
        assert!(!error.json().to_string().contains("my secret"), "{error}");
        let error = read("listen = \"7443\"\nunlock = { key-file = \"k\" }\n").unwrap_err();
        assert_eq!(error.code(), "config-invalid");
        assert_eq!(read("listen = 3").unwrap_err().code(), "config-invalid");
    }
}
