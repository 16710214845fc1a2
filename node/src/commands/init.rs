//! `init`: makes the folder, the secrets and the strict configuration.

use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::{args, tell};
use crate::config::{Config, FILE, Unlock};
use crate::ports::Ports;
use crate::secrets::{self, Secrets, make_key_file};

const DEFAULT_KEY_FILE: &str = "secrets/unlock.key";

pub(super) async fn run(args: &args::Init, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    if call.dir.join(FILE).exists() {
        return Err(Problem::usage("directory-not-empty").with("path", call.dir.display().to_string()));
    }
    let ring = secrets::ring(&call.dir);
    if ring.exists() {
        let problem = Problem::usage("secrets-without-configuration").with("path", call.dir.as_path());
        return Err(problem.with("file", ring.as_path()));
    }
    let mut rng = ports.chance.rng();
    let (unlock, made) = match (&args.key_file, &args.passphrase_file, &args.credential) {
        (Some(path), _, _) => (Unlock::KeyFile(call.path(path)), false),
        (_, Some(path), _) => (Unlock::PassphraseFile(call.path(path)), false),
        (_, _, Some(name)) => (Unlock::Credential(name.clone()), false),
        _ => (Unlock::KeyFile(DEFAULT_KEY_FILE.into()), true),
    };
    let config = Config {
        advertise: args.advertise.clone(),
        contact: args.contact.clone(),
        ..Config::new(listen(&args.listen).await?, unlock)
    };
    // What will be written is checked as any other configuration, before a secret exists.
    let checked = Config::parse(&call.dir, &config.text()?)?;
    if made {
        make_key_file(&call.dir.join(DEFAULT_KEY_FILE), &mut *rng)?;
    }
    let secrets = Secrets::create(&call.dir, &checked.unlock, &mut *rng)?;
    // It comes last: without it the folder is not set up, and `init` may be run again.
    config.store(&call.dir).inspect_err(|_| Secrets::discard(&call.dir))?;
    let fingerprint = secrets.identity.verifying_key().fingerprint();
    let args = [("fingerprint", fingerprint.as_str().into()), ("listen", config.listen.as_str().into())];
    let sentence = call.console.text("node-initialised", &args);
    let json = json!({ "fingerprint": fingerprint.replace(' ', ""), "listen": config.listen });
    tell(&*call.console, &json, &sentence);
    if made {
        call.console.note(&call.console.text("node-key-file-made", &[("path", DEFAULT_KEY_FILE.into())]));
    }
    Ok(Exit::Done)
}

/// A port that is left to the system is chosen now, for others are told it before the node ever listens.
async fn listen(address: &str) -> Result<String, Problem> {
    if !address.ends_with(":0") {
        return Ok(address.to_owned());
    }
    let taken = tokio::net::TcpListener::bind(address).await.and_then(|listener| listener.local_addr());
    let taken = taken
        .map_err(|error| Problem::usage("address-not-available").field(address.to_owned()).because(error))?;
    Ok(taken.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::sync::Arc;

    use lianfang_desk::{Buffer, Lang};

    use super::*;

    async fn init(dir: &tempfile::TempDir, key_file: Option<PathBuf>) -> Result<Exit, Problem> {
        let args = args::Init {
            listen: "127.0.0.1:7000".to_owned(),
            advertise: None,
            contact: String::new(),
            key_file,
            passphrase_file: None,
            credential: None,
        };
        let dir = dir.path().to_owned();
        let call = Call::new(Arc::new(Buffer::new(Lang::En)), dir.clone(), dir);
        run(&args, &call, &Ports::system()).await
    }

    fn code(ended: Result<Exit, Problem>) -> Option<String> {
        ended.err().map(|problem| problem.code().to_owned())
    }

    #[tokio::test]
    async fn what_failed_may_be_run_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let key = path("own.key");
        fs::write(&key, [7; 64]).unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        let refused = init(&dir, Some(key.clone())).await;
        assert_eq!(code(refused).as_deref(), Some("secret-file-open"));
        assert!(!path(FILE).exists());

        fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        // The configuration cannot be written, as on a full disk.
        let unfinished = path(&format!("{FILE}.unfinished"));
        fs::create_dir(&unfinished).unwrap();
        assert!(init(&dir, Some(key.clone())).await.is_err());
        fs::remove_dir(&unfinished).unwrap();

        assert!(init(&dir, Some(key.clone())).await.unwrap().is_done());
        let config = Config::load(dir.path()).unwrap();
        assert!(Secrets::open(dir.path(), &config.unlock).is_ok());
        assert_eq!(code(init(&dir, Some(key)).await).as_deref(), Some("directory-not-empty"));
    }

    /// A write failed after its file was in place, as where the folder cannot be flushed.
    #[tokio::test]
    async fn what_is_discarded_is_not_in_the_way() {
        let dir = tempfile::tempdir().unwrap();
        assert!(init(&dir, None).await.unwrap().is_done());
        Secrets::discard(dir.path());
        assert!(init(&dir, None).await.unwrap().is_done());
    }

    /// The configuration was lost, or `init` killed before it wrote one; what it unlocked with is there.
    #[tokio::test]
    async fn the_key_file_of_secrets_that_are_there_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        assert!(init(&dir, None).await.unwrap().is_done());
        let key = fs::read(dir.path().join(DEFAULT_KEY_FILE)).unwrap();
        fs::remove_file(dir.path().join(FILE)).unwrap();
        let refused = init(&dir, None).await.unwrap_err();
        assert_eq!(refused.code(), "secrets-without-configuration");
        let ring = secrets::ring(dir.path());
        for lang in Lang::ALL {
            assert!(refused.advice(lang).contains(&ring.display().to_string()));
        }
        assert_eq!(fs::read(dir.path().join(DEFAULT_KEY_FILE)).unwrap(), key);
        fs::remove_file(ring).unwrap();
        assert!(init(&dir, None).await.unwrap().is_done());
    }
}
