//! `config.toml`: what an operator decides. Unknown fields are refused, and everything has a default but the addresses.
//!
//! Comes in: the file's text. Goes out: [`Config`], or a problem that names the field. The defaults are the strict
//! ones: nobody is admitted, no key compared and no job accepted without a person.

mod inputs;
mod wrong;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lianfang_desk::problem::AtPath as _;
use lianfang_desk::{Problem, parsed};
use lianfang_telemetry::{http, log, trace};
use serde::{Deserialize, Serialize};

pub use inputs::{Language, Source, Watch, span};
pub use lianfang_trust::at_rest::Unlock;
use lianfang_trust::at_rest::file::write_atomically;

/// The file's name within the folder.
pub const FILE: &str = "config.toml";

/// Everything that `config.toml` may say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the node listens, `host:port`.
    pub listen: String,
    /// What it tells others, `host:port`; `listen` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    /// Where other banks reach this one about a case; travels inside sealed labels.
    #[serde(default)]
    pub contact: String,
    /// How the secrets are unlocked.
    pub unlock: Unlock,
    /// The bank's own certificate, if it brings one instead of having the authority issue it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<OwnCertificate>,
    /// What happens without a person.
    #[serde(default)]
    pub policy: Policy,
    /// Where the store is.
    #[serde(default, skip_serializing_if = "StorePlace::is_embedded")]
    pub store: StorePlace,
    /// Answer gRPC reflection.
    #[serde(default)]
    pub reflection: bool,
    /// Where probes and numbers are served; nowhere if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<http::Settings>,
    /// Which log lines are written, and how.
    #[serde(default, skip_serializing_if = "log::Settings::is_default")]
    pub log: log::Settings,
    /// Where spans are sent; nowhere if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<trace::Settings>,
    /// How `serve` behaves.
    #[serde(default, skip_serializing_if = "Serve::is_default")]
    pub serve: Serve,
    /// Servers that `import --source` asks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source: BTreeMap<String, Source>,
    /// A folder whose files are imported while the node serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
}

/// How `serve` behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// How long the steps in hand may take to end when the node is told to stop. What is cut off is done again.
    pub grace_seconds: u32,
    /// Whether this process works on jobs, or answers others' evaluations alone. Of several over one store one does.
    pub jobs: bool,
}

impl Default for Serve {
    fn default() -> Self {
        Self { grace_seconds: 20, jobs: true }
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

/// Where the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct StorePlace {
    /// A file, readable by its owner alone, with the address of a PostgreSQL server: `postgres://…`. Relative to the
    /// folder. Left out, the store is a file in the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
}

impl StorePlace {
    /// Whether it is a file in the folder, which no other process can open.
    pub const fn is_embedded(&self) -> bool {
        self.url_file.is_none()
    }
}

/// A certificate from the bank's own public-key infrastructure. PEM files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnCertificate {
    /// The chain, leaf first.
    pub chain: PathBuf,
    /// The leaf's private key (PKCS#8), unencrypted and readable by this node alone.
    pub key: PathBuf,
    /// The root that the roster will pin for this bank.
    pub root: PathBuf,
}

/// Whether a person decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decide {
    /// A person.
    #[default]
    Ask,
    /// Nobody: yes.
    Automatic,
    /// Nobody: no.
    Refuse,
}

/// What happens without a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// As a holder: whether members of the roster are answered.
    pub admit: Decide,
    /// As a holder: for how many minutes members are answered under a roster that the coordinator has not confirmed
    /// since. Shorter: a suspension takes effect sooner where the coordinator is out of reach. Longer: it may be away.
    pub roster_minutes: u32,
    /// As a holder: `Q`, the quota of an admitted legal entity per class and epoch, over all holders together.
    pub quota: u64,
    /// Whether a key record is taken as compared.
    pub compare: Decide,
    /// As a holder: whether it takes part in key ceremonies that the coordinator proposes.
    pub ceremony: Decide,
    /// Whether share and outputs of an epoch are erased at the date that the coordinator has announced.
    pub close: Decide,
    /// For how many days that date must have been known here.
    pub close_days: u16,
    /// Whether jobs are joined.
    pub accept: Decide,
    /// Whether small jobs (of `t` groups or fewer) are joined.
    pub accept_small: Decide,
    /// The least match threshold of a job that is joined.
    pub least_threshold: u16,
    /// The least rows to which a submission is padded: jobs whose terms let fewer be submitted are refused.
    pub least_rows: u64,
    /// Most jobs that a record may enter within [`jobs_days`](Self::jobs_days); 0 sets no bound.
    pub jobs_of_a_record: u32,
    /// The days over which jobs are counted.
    pub jobs_days: u16,
    /// Whether a job is joined that would let a record enter more often.
    pub accept_frequent: Decide,
    /// Whether a job of counts alone is joined whose participants differ from those of the last by one or two.
    pub accept_count_difference: Decide,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            admit: Decide::Ask,
            roster_minutes: 60,
            quota: 4_000_000,
            compare: Decide::Ask,
            ceremony: Decide::Ask,
            close: Decide::Automatic,
            close_days: 7,
            accept: Decide::Ask,
            accept_small: Decide::Ask,
            least_threshold: 2,
            least_rows: 1_024,
            jobs_of_a_record: 0,
            jobs_days: 30,
            accept_frequent: Decide::Refuse,
            accept_count_difference: Decide::Refuse,
        }
    }
}

impl Config {
    /// The defaults, for a node that listens there and whose secrets are unlocked so.
    pub fn new(listen: impl Into<String>, unlock: Unlock) -> Self {
        Self {
            listen: listen.into(),
            advertise: None,
            contact: String::new(),
            unlock,
            certificate: None,
            policy: Policy::default(),
            store: StorePlace::default(),
            reflection: false,
            http: None,
            log: log::Settings::default(),
            traces: None,
            serve: Serve::default(),
            source: BTreeMap::new(),
            watch: None,
        }
    }

    /// Reads the folder's configuration.
    pub fn load(dir: &Path) -> Result<Self, Problem> {
        let path = dir.join(FILE);
        Self::parse(dir, &std::fs::read_to_string(&path).at_path(&path)?)
    }

    /// What this text says as the folder's configuration.
    pub fn parse(dir: &Path, text: &str) -> Result<Self, Problem> {
        let path = dir.join(FILE);
        let mut config: Self = toml::from_str(text)
            .map_err(|error| parsed::refused(&path, text, error.message(), error.span()))?;
        config.unlock.resolve(dir);
        if let Some(path) = &mut config.store.url_file {
            *path = dir.join(&*path);
        }
        if let Some(own) = &mut config.certificate {
            for path in [&mut own.chain, &mut own.key, &mut own.root] {
                *path = dir.join(&*path);
            }
        }
        config.source.values_mut().for_each(|source| source.resolve(dir));
        if let Some(watch) = &mut config.watch {
            watch.resolve(dir);
        }
        config.check(&path)?;
        Ok(config)
    }

    /// Writes the folder's first configuration.
    pub fn store(&self, dir: &Path) -> Result<(), Problem> {
        write_atomically(&dir.join(FILE), self.text()?.as_bytes()).map_err(Problem::bug)
    }

    /// As it is written.
    pub fn text(&self) -> Result<String, Problem> {
        toml::to_string_pretty(self).map_err(Problem::bug)
    }

    /// The files that it names beside that of the unlocking secret, and a store's address.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let own = self.certificate.iter().flat_map(|own| [&own.chain, &own.key, &own.root]);
        let watch = self.watch.iter().filter_map(|watch| watch.map.as_ref());
        own.chain(watch).map(PathBuf::as_path).chain(self.source.values().flat_map(Source::files))
    }

    /// What others are told.
    pub fn advertised(&self) -> &str {
        self.advertise.as_deref().unwrap_or(&self.listen)
    }

    fn check(&self, path: &Path) -> Result<(), Problem> {
        let wrong = |field: &str, wanted: &str| {
            Err(Problem::usage("config-value").with("path", path).with("wanted", wanted).field(field))
        };
        for (field, address) in [("listen", self.listen.as_str()), ("advertise", self.advertised())] {
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            if port.is_none_or(|port| field == "advertise" && port == 0) {
                return wrong(field, "host:port");
            }
        }
        if self.http.as_ref().is_some_and(|http| http.address().is_err()) {
            return wrong("http.listen", "127.0.0.1:port, [::1]:port");
        }
        let most = lianfang_proto::limits::CONTACT_BYTES;
        if self.contact.len() > most {
            return wrong("contact", &format!("0–{most} bytes (UTF-8)"));
        }
        if let Some((field, wanted)) = self.policy.wrong() {
            return wrong(field, wanted);
        }
        let sources = self.source.iter().find_map(|(name, source)| source.wrong(name));
        if let Some(input) = sources.or_else(|| self.watch.as_ref().and_then(Watch::wrong)) {
            return wrong(input.field(), input.wanted());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, Problem> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), text).unwrap();
        Config::load(dir.path())
    }

    const LEAST: &str = "listen = \"127.0.0.1:7000\"\n[unlock]\nkey-file = \"unlock.key\"\n";

    #[test]
    fn the_defaults_are_strict() {
        let config = load(LEAST).unwrap();
        assert_eq!(config.policy.admit, Decide::Ask);
        assert_eq!(config.policy.compare, Decide::Ask);
        assert_eq!(config.policy.ceremony, Decide::Ask);
        assert_eq!((config.policy.close, config.policy.close_days), (Decide::Automatic, 7));
        assert_eq!(config.policy.accept, Decide::Ask);
        assert_eq!(config.policy.accept_small, Decide::Ask);
        assert_eq!(config.policy.least_threshold, 2);
        assert_eq!(config.advertised(), "127.0.0.1:7000");
    }

    #[test]
    fn unknown_fields_and_wrong_values_are_refused_with_their_name() {
        let unknown = load(&format!("colour = 1\n{LEAST}")).unwrap_err();
        assert_eq!(unknown.code(), "config-unknown-field");
        for lang in lianfang_desk::Lang::ALL {
            let said = unknown.sentence(lang);
            assert!(said.contains("colour") && !said.contains("expected") && !said.contains('`'), "{said}");
        }
        let unreadable = load(&format!("{LEAST}\n[policy]\nquota = \"much\"\n")).unwrap_err();
        assert_eq!(unreadable.code(), "config-invalid");
        let said = unreadable.why(lianfang_desk::Lang::En);
        assert!(said.contains("config.toml:") && said.matches("invalid type").count() == 1, "{said}");
        let secret = load("listen = \"127.0.0.1:1\"\nunlock = \"my secret\"\n").unwrap_err();
        assert_eq!(secret.code(), "config-invalid");
        for lang in lianfang_desk::Lang::ALL {
            assert!(!secret.sentence(lang).contains("my secret"), "{}", secret.sentence(lang));
        }
        assert!(!secret.json().to_string().contains("my secret"));
        for (text, field) in [
            (LEAST.replace("127.0.0.1:7000", "nowhere"), "listen"),
            (format!("{LEAST}\n[http]\nlisten = \"0.0.0.0:9464\"\n"), "http.listen"),
            (format!("contact = \"{}\"\n{LEAST}", "x".repeat(65)), "contact"),
            (format!("{LEAST}\n[policy]\nleast_threshold = 1\n"), "policy.least_threshold"),
            (format!("{LEAST}\n[policy]\nleast_rows = 0\n"), "policy.least_rows"),
            (format!("{LEAST}\n[policy]\nroster_minutes = 4\n"), "policy.roster_minutes"),
            (format!("{LEAST}\n[policy]\njobs_days = 0\n"), "policy.jobs_days"),
            (format!("{LEAST}\n[watch]\nfolder = \"in\"\nevery = \"soon\"\n"), "watch.every"),
            (format!("{LEAST}\n[source.a]\nfrom = \"postgres://u:p@h/d\"\nquery = \"x\"\n"), "source.from"),
            (format!("{LEAST}\n[source.a]\nfrom = \"postgres://u@h/d\"\n"), "source.query"),
            (
                format!(
                    "{LEAST}\n[source.a]\nfrom = \"postgres://u@h/d\"\nquery = \"x\"\ntimeout = \"soon\"\n"
                ),
                "source.timeout",
            ),
            (format!("{LEAST}\n[source.A]\nfrom = \"postgres://u@h/d\"\nquery = \"x\"\n"), "source"),
        ] {
            let problem = load(&text).unwrap_err();
            assert_eq!(problem.code(), "config-value", "{field}");
            assert!(problem.render(lianfang_desk::Lang::En, true).contains(field), "{field}");
        }
        let range = load(&format!("{LEAST}\n[policy]\nroster_minutes = 2\n")).unwrap_err();
        for lang in lianfang_desk::Lang::ALL {
            let said = range.sentence(lang);
            assert!(said.matches("roster_minutes").count() == 1 && said.contains("5–10080"), "{said}");
        }
    }

    #[test]
    fn the_store_is_a_file_unless_an_address_is_named() {
        assert_eq!(load(LEAST).unwrap().store.url_file, None);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), format!("{LEAST}[store]\nurl-file = \"store.url\"\n")).unwrap();
        let config = Config::load(dir.path()).unwrap();
        assert_eq!(config.store.url_file, Some(dir.path().join("store.url")));
        let problem = load(&format!("{LEAST}[store]\nurl = \"postgres://u:secret@h/d\"\n")).unwrap_err();
        assert_eq!(problem.code(), "config-unknown-field");
        assert!(!problem.render(lianfang_desk::Lang::En, true).contains("secret"));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = load(LEAST).unwrap();
        config.unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
        config.store(dir.path()).unwrap();
        assert_eq!(Config::load(dir.path()).unwrap(), config);
    }
}
