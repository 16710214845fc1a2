//! A bank that brings certificates of its own PKI, as real processes over TCP: it joins, renews by putting files in place of
//! others, exchanges its key, and nothing is restarted for it.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use lianfang_desk::Problem;
use lianfang_link::{Authority, CertificateDer, KeyMaterial, Party as Name, UnixTime, Validity};
use lianfang_tests::demo::children::{COORDINATOR, NODE, Party};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(2);

fn pem(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn private(path: &Path, text: &str) {
    // As a careful person replaces a file: whole, and with its rights.
    lianfang_trust::at_rest::file::write_atomically(path, text.as_bytes()).expect("written");
}

/// The bank's PKI, which knows nothing of the federation.
struct OwnPki {
    root: Authority,
}

impl OwnPki {
    fn new() -> Self {
        let lasts = Validity::starting(UnixTime::now(), Duration::from_hours(24 * 3_000));
        Self { root: Authority::create("Bank Internal Root CA", lasts).expect("a root") }
    }

    /// Puts a certificate over the key into the files that the configuration names.
    fn hand_out(&self, folder: &Path, key: &KeyMaterial, days: u64) {
        let request = key.certificate_request().expect("a request");
        let lasts = Validity::starting(UnixTime::now(), Duration::from_hours(24 * days + 12));
        let name = Name::Bank("node07.internal".to_owned());
        let issued = self.root.issue(&request, &name, lasts).expect("a certificate");
        let der = |der: &CertificateDer<'_>| pem("CERTIFICATE", der);
        private(&folder.join("root.pem"), &der(self.root.certificate()));
        private(&folder.join("key.pem"), &pem("PRIVATE KEY", key.pkcs8()));
        private(&folder.join("chain.pem"), &der(&issued.chain[0]));
    }
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> Result<bool, Problem>) {
    let end = Instant::now() + PATIENCE;
    loop {
        match done().await {
            Ok(true) => return,
            told => assert!(Instant::now() < end, "in vain: {what}: {told:?}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn shown(node: &Party) -> Value {
    node.run(&["certificate", "show"]).await.expect("shown")
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("{member}: {value}"))
}

async fn join(coordinator: &Party, node: &Party, print: &str) {
    let invite = coordinator.run(&["invite", &node.name]).await.expect("an invite");
    let enrol =
        ["enrol", text(&invite, "invite"), "--fingerprint", text(&invite, "fingerprint"), "--wait", "100"];
    let confirm = ["roster", "confirm", &node.name, "--confirm", print];
    let confirmed = until("confirmed", async || Ok(coordinator.attempt(&confirm).await?.is_ok()));
    let (enrolled, ()) = tokio::join!(node.run(&enrol), confirmed);
    enrolled.expect("enrolled");
}

/// Sets a node up that decides by itself, with certificates out of `files` if it has any; gives its fingerprint.
async fn set_up(node: &Party, files: Option<&Path>) -> String {
    let made = node.run(&["init", "--listen", "127.0.0.1:0"]).await.expect("set up");
    let path = node.dir().join("config.toml");
    let mut config = std::fs::read_to_string(&path).expect("a configuration");
    for question in ["admit", "compare", "ceremony"] {
        config = config.replace(&format!("{question} = \"ask\""), &format!("{question} = \"automatic\""));
    }
    if let Some(files) = files {
        let file = |name: &str| files.join(name).display().to_string();
        let (chain, key, root) = (file("chain.pem"), file("key.pem"), file("root.pem"));
        config += &format!("\n[certificate]\nchain = {chain:?}\nkey = {key:?}\nroot = {root:?}\n");
    }
    private(&path, &config);
    text(&made, "fingerprint").to_owned()
}

/// Both speak with each other and with the coordinator: they make a key.
async fn make_a_key(coordinator: &Party) {
    let start = ["ceremony", "start", "--holders", "alpha,beta", "--threshold", "2", "--deadline", "10m"];
    let started = coordinator.run(&start).await.expect("started");
    let id = text(&started, "ceremony").to_owned();
    until("the key is made", async || {
        Ok(coordinator.run(&["ceremony", "show", &id]).await?["state"] == "done")
    })
    .await;
}

/// Files that cannot be used are refused by name.
async fn spoil(node: &Party, files: &Path) {
    private(&files.join("chain.pem"), "not a certificate\n");
    let refused = node.attempt(&["certificate", "renew"]).await.expect("it ends");
    assert_eq!(refused.err().map(|refused| refused.code).as_deref(), Some("own-certificate-unusable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_with_its_own_pki_joins_and_renews_by_its_files() {
    let root = tempfile::tempdir().expect("a folder");
    let exe = Path::new(env!("CARGO_BIN_EXE_demo"));
    let mut coordinator = Party::new(exe, COORDINATOR, "coordinator", root.path());
    coordinator.run(&["init", "--listen", "127.0.0.1:0"]).await.expect("set up");
    coordinator.serve().await.expect("serves");
    let pki = OwnPki::new();
    let files = root.path().join("pki");
    std::fs::create_dir(&files).expect("a folder");
    let key = KeyMaterial::generate().expect("a key");
    pki.hand_out(&files, &key, 20);

    let mut alpha = Party::new(exe, NODE, "alpha", root.path());
    let mut beta = Party::new(exe, NODE, "beta", root.path());
    let prints = [set_up(&alpha, Some(&files)).await, set_up(&beta, None).await];
    join(&coordinator, &alpha, &prints[0]).await;
    join(&coordinator, &beta, &prints[1]).await;
    alpha.serve().await.expect("serves");
    beta.serve().await.expect("serves");
    let first = shown(&alpha).await;
    assert_eq!(
        (&first["own"], &first["pinned"], &first["days_left"]),
        (&true.into(), &true.into(), &20.into())
    );

    make_a_key(&coordinator).await;
    let before = shown(&alpha).await;

    // Renewed over the same key: the files are taken up by themselves, and the roster stays what it is.
    pki.hand_out(&files, &key, 40);
    until("the renewed certificate is in use", async || Ok(shown(&alpha).await["days_left"] == 40)).await;
    let renewed = shown(&alpha).await;
    assert_eq!(
        (&renewed["fingerprint"], &renewed["roster_version"]),
        (&first["fingerprint"], &before["roster_version"])
    );

    // Another key: it is made known first, and then used; the other bank hears of it, and still reaches it.
    let other = KeyMaterial::generate().expect("a key");
    pki.hand_out(&files, &other, 60);
    alpha.run(&["certificate", "renew"]).await.expect("taken up");
    let exchanged = shown(&alpha).await;
    assert_eq!((&exchanged["pinned"], &exchanged["days_left"]), (&true.into(), &60.into()));
    assert_ne!(exchanged["fingerprint"], first["fingerprint"]);
    until("the other bank has heard", async || {
        Ok(shown(&beta).await["roster_version"] == exchanged["roster_version"])
    })
    .await;
    alpha.stop().await;
    alpha.serve().await.expect("it starts with the new key");
    until("it reaches the coordinator", async || Ok(alpha.attempt(&["doctor"]).await?.is_ok())).await;

    spoil(&alpha, &files).await;
    assert_eq!(shown(&alpha).await["days_left"], 60);
    beta.stop().await;
    alpha.stop().await;
    coordinator.stop().await;
}
