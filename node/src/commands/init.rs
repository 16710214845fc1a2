//! `init`: makes the folder, the secrets and the strict configuration.

use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::{args, tell};
use crate::config::{Config, FILE, Unlock};
use crate::ports::Ports;
use crate::secrets::{Secrets, make_key_file};

const DEFAULT_KEY_FILE: &str = "secrets/unlock.key";

pub(super) async fn run(args: &args::Init, call: &Call, ports: &Ports) -> Result<Exit, Problem> {
    if call.dir.join(FILE).exists() {
        return Err(Problem::usage("directory-not-empty").with("path", call.dir.display().to_string()));
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
    if made {
        make_key_file(&call.dir.join(DEFAULT_KEY_FILE), &mut *rng)?;
    }
    config.store(&call.dir)?;
    // Read back: what was written is checked as any other configuration, before a secret exists.
    let config = match Config::load(&call.dir) {
        Ok(config) => config,
        Err(problem) => {
            let _ = std::fs::remove_file(call.dir.join(FILE));
            return Err(problem);
        }
    };
    let secrets = Secrets::create(&call.dir, &config.unlock, &mut *rng)?;
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
