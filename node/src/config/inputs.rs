//! Where registers come from without a person: servers that are asked, and a folder that is watched.
//!
//! Comes in: `[source.NAME]` and `[watch]`. Goes out: the same, with paths meant from the node's folder; or the name of the
//! field that is wrong. Passwords are in files of their own, never here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ingest::sql::{Address, TIMEOUT};

/// What an address calls the files of certificates and of a key, at either kind of server.
const CERTIFICATES: [&str; 8] =
    ["sslrootcert", "ssl-root-cert", "sslca", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];

/// A server that `import --source NAME` asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// `postgres://user@host/database` or `mysql://user@host/database`, without a password.
    pub from: String,
    /// One statement that reads; or else `query_file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// A file with the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_file: Option<PathBuf>,
    /// A file with the password, which nobody else may be able to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// How long the query may take: `90s`, `30m`, `2h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Retract the records that the answer lacks.
    #[serde(default)]
    pub full: bool,
    /// A file that names other headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<PathBuf>,
}

/// A folder whose files are imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The folder.
    pub folder: PathBuf,
    /// How long between two looks: `30s`, `5m`.
    #[serde(default = "every")]
    pub every: String,
    /// Retract the records that a file lacks.
    #[serde(default)]
    pub full: bool,
    /// A file that names other headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<PathBuf>,
    /// The sheet of workbooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The language of the rejects: `zh` or `en`.
    #[serde(default)]
    pub language: Language,
}

/// A language, as the configuration names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

impl From<Language> for lianfang_desk::Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::Zh => Self::Zh,
            Language::En => Self::En,
        }
    }
}

fn every() -> String {
    "30s".to_owned()
}

/// A span as it is written: a number of seconds, minutes or hours. Between a second and a day.
pub fn span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds)?;
    (1..=86_400).contains(&seconds).then(|| Duration::from_secs(seconds))
}

/// A field of these two tables that can be wrong though it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A source's name.
    Name,
    /// Its address.
    From,
    /// Its statement: none, or two.
    Query,
    /// How long it may take.
    Timeout,
    /// How often the folder is looked at.
    Every,
}

impl Wrong {
    /// As the file names it.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Name => "source",
            Self::From => "source.from",
            Self::Query => "source.query",
            Self::Timeout => "source.timeout",
            Self::Every => "watch.every",
        }
    }

    /// What it must be, in a form that needs no translation.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Name => "[source.NAME], NAME: a–z 0–9 -, 1–32",
            Self::From => "postgres://user@host/database, mysql://user@host/database",
            Self::Query => "query = \"SELECT …\" / query_file = \"…\"",
            Self::Timeout | Self::Every => "1s–24h (90s, 30m, 2h)",
        }
    }
}

impl Source {
    /// How long the query may take.
    pub fn timeout(&self) -> Duration {
        self.timeout.as_deref().and_then(span).unwrap_or(TIMEOUT)
    }

    /// The field that is wrong, if one is.
    pub(super) fn wrong(&self, name: &str) -> Option<Wrong> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 32 || name.starts_with('-') || !name.chars().all(plain) {
            return Some(Wrong::Name);
        }
        if Address::parse(&self.from).is_err() {
            return Some(Wrong::From);
        }
        if self.query.is_some() == self.query_file.is_some() {
            return Some(Wrong::Query);
        }
        self.timeout.as_deref().is_some_and(|timeout| span(timeout).is_none()).then_some(Wrong::Timeout)
    }

    /// The files that it names. Of those in its address the absolute ones, written without an escape: what else stands there
    /// depends on where and how the driver reads it.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let own = [&self.query_file, &self.password_file, &self.map].into_iter().flatten();
        let said = self.from.split_once('?').map_or("", |(_, said)| said);
        let certificates = said.split('&').filter_map(|one| {
            let (name, value) = one.split_once('=')?;
            let plain = value.starts_with('/') && !value.contains(['%', '+', '#']);
            (CERTIFICATES.contains(&name) && plain).then(|| Path::new(value))
        });
        own.map(PathBuf::as_path).chain(certificates)
    }

    pub(super) fn resolve(&mut self, dir: &Path) {
        for path in [&mut self.query_file, &mut self.password_file, &mut self.map].into_iter().flatten() {
            *path = dir.join(&*path);
        }
    }
}

impl Watch {
    /// How long between two looks.
    pub fn every(&self) -> Duration {
        span(&self.every).unwrap_or(Duration::from_secs(30))
    }

    /// The field that is wrong, if one is.
    pub(super) fn wrong(&self) -> Option<Wrong> {
        span(&self.every).is_none().then_some(Wrong::Every)
    }

    pub(super) fn resolve(&mut self, dir: &Path) {
        self.folder = dir.join(&self.folder);
        if let Some(map) = &mut self.map {
            *map = dir.join(&*map);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_names_its_files_those_in_its_address_too() {
        let files = |from: &str, rest: &str| {
            let source: Source = toml::from_str(&format!("from = \"{from}\"\n{rest}")).unwrap();
            source.files().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        let own = "query_file = \"a.sql\"\npassword_file = \"b.pass\"\nmap = \"c.toml\"\n";
        assert_eq!(files("postgres://r@h/d", own), ["a.sql", "b.pass", "c.toml"]);
        let postgres = "postgres://r@h/d?sslmode=verify-full&sslrootcert=/s/db.pem&sslkey=/s/own.key";
        assert_eq!(files(postgres, ""), ["/s/db.pem", "/s/own.key"]);
        assert_eq!(files("mysql://r@h/d?ssl-mode=VERIFY_IDENTITY&ssl-ca=/s/ca.pem", ""), ["/s/ca.pem"]);
        let none = "postgres://r@h/d?host=/run/postgresql&sslrootcert=db.pem&sslcert=/s/a%20b.pem";
        assert!(files(none, "").is_empty());
    }

    #[test]
    fn spans_are_written_with_their_unit() {
        assert_eq!(span("90s"), Some(Duration::from_secs(90)));
        assert_eq!(span(" 2h "), Some(Duration::from_hours(2)));
        for wrong in ["", "s", "0s", "5", "-1m", "25h", "5分", "99999999999999999999s"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }
}
