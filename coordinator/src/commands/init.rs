//! `init`: makes the folder's configuration and keys.

use std::path::{Path, PathBuf};

use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use crate::config::{Config, Unlock};
use crate::office::unix_time;
use crate::ports::Ports;
use crate::secrets::{self, KEY_FILE, Keys};

/// The arguments.
#[derive(clap::Args)]
pub struct Init {
    /// Where it will listen.
    #[arg(long, value_name = "ADDR")]
    listen: String,
    /// What banks are told to dial.
    #[arg(long, value_name = "ADDR")]
    advertise: Option<String>,
    /// A file of random bytes that opens the secrets.
    #[arg(long, value_name = "FILE", group = "unlock")]
    key_file: Option<PathBuf>,
    /// A file with a passphrase that does.
    #[arg(long, value_name = "FILE", group = "unlock")]
    passphrase_file: Option<PathBuf>,
    /// A credential of the service manager that does.
    #[arg(long, value_name = "NAME", group = "unlock")]
    credential: Option<String>,
}

/// What `init` needs to know.
pub struct SetUp {
    /// Where it will listen.
    pub listen: String,
    /// What banks are told to dial.
    pub advertise: Option<String>,
    /// What opens the secrets; a key file is made if there is none.
    pub unlock: Unlock,
}

impl SetUp {
    /// With a key file in the folder itself.
    pub fn listening(listen: impl Into<String>) -> Self {
        Self { listen: listen.into(), advertise: None, unlock: Unlock::KeyFile(KEY_FILE.into()) }
    }
}

/// Makes configuration and keys. The folder must not have any.
pub fn set_up(dir: &Path, set_up: &SetUp, ports: &Ports) -> Result<(), Problem> {
    let config = Config::new(set_up.listen.clone(), set_up.advertise.clone(), set_up.unlock.clone());
    if let Some(field) = config.wrong_field() {
        let advertised = config.advertise.clone().unwrap_or_default();
        let got = if field == "listen" { config.listen.clone() } else { advertised };
        return Err(Problem::usage("usage-value").field(format!("--{field}")).with("got", got));
    }
    if dir.join(crate::config::FILE).exists() {
        return Err(Problem::usage("directory-not-empty").with("path", dir));
    }
    let ring = secrets::ring(dir);
    if ring.exists() {
        let problem = Problem::usage("secrets-without-configuration").with("path", dir);
        return Err(problem.with("file", ring.as_path()));
    }
    let mut rng = ports.chance.rng();
    if let Unlock::KeyFile(path) = &config.unlock {
        secrets::make_key_file(&dir.join(path), &mut *rng)?;
    }
    Keys::create(dir, &config.unlock, unix_time(ports.clock.now()), &mut *rng)?;
    // It comes last: without it the folder is not set up, and `init` may be run again.
    config.write(dir).inspect_err(|_| Keys::discard(dir))
}

impl Init {
    pub(super) fn perform(self, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
        let chosen = self.key_file.map(|path| Unlock::KeyFile(call.path(path)));
        let chosen = chosen.or(self.passphrase_file.map(|path| Unlock::PassphraseFile(call.path(path))));
        let chosen = chosen.or(self.credential.map(Unlock::Credential));
        let own = chosen.is_none();
        let unlock = chosen.unwrap_or_else(|| Unlock::KeyFile(KEY_FILE.into()));
        let wanted = SetUp { listen: self.listen, advertise: self.advertise, unlock };
        set_up(&call.dir, &wanted, ports).map_err(|problem| problem.doing("doing-coordinator-init"))?;
        let fingerprint = Keys::open(&call.dir, &wanted.unlock)?.fingerprint()?;
        let fingerprint = hex::encode(fingerprint);
        if call.console.json() {
            call.console.out(&json!({"fingerprint": fingerprint}).to_string());
        } else {
            call.console.say("coordinator-initialised", &[("fingerprint", fingerprint.into())]);
        }
        if own {
            let path = call.dir.join(KEY_FILE);
            call.console.remark("coordinator-key-file-made", &[("path", path.as_path().into())]);
        }
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FILE;

    #[test]
    fn what_failed_may_be_run_again() {
        let dir = tempfile::tempdir().unwrap();
        let run = || set_up(dir.path(), &SetUp::listening("127.0.0.1:7000"), &Ports::system());
        // The configuration cannot be written, as on a full disk.
        let unfinished = dir.path().join(format!("{FILE}.unfinished"));
        std::fs::create_dir(&unfinished).unwrap();
        assert!(run().is_err());
        std::fs::remove_dir(&unfinished).unwrap();
        run().unwrap();
        let config = Config::read(dir.path()).unwrap();
        assert!(Keys::open(dir.path(), &config.unlock).is_ok());
        assert_eq!(run().unwrap_err().code(), "directory-not-empty");
    }

    /// A write failed after its file was in place, as where the folder cannot be flushed.
    #[test]
    fn what_is_discarded_is_not_in_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let run = || set_up(dir.path(), &SetUp::listening("127.0.0.1:7000"), &Ports::system());
        run().unwrap();
        Keys::discard(dir.path());
        run().unwrap();
    }

    /// The configuration was lost, or `init` killed before it wrote one.
    #[test]
    fn keys_without_a_configuration_are_told_by_their_file() {
        let dir = tempfile::tempdir().unwrap();
        let run = || set_up(dir.path(), &SetUp::listening("127.0.0.1:7000"), &Ports::system());
        run().unwrap();
        std::fs::remove_file(dir.path().join(FILE)).unwrap();
        let refused = run().unwrap_err();
        assert_eq!(refused.code(), "secrets-without-configuration");
        let ring = secrets::ring(dir.path());
        for lang in lianfang_desk::Lang::ALL {
            assert!(refused.advice(lang).contains(&ring.display().to_string()));
        }
        std::fs::remove_file(ring).unwrap();
        run().unwrap();
    }
}
