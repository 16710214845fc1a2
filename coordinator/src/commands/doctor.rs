//! `doctor`: what the regulator's operator has to look after, each with what to do.
//!
//! Comes in: a folder that opens, for configuration, secrets and store hold together; or what keeps it from opening, which
//! is a finding like others ([`unopened`]). Goes out: a finding for each matter. A check is a small function that gives a [`Finding`]; a new one is a line in
//! [`perform`]. Members are dialled a few at a time, for they may be many.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use lianfang_desk::{Console, Exit, Problem};
use lianfang_link::client::DialLimits;
use lianfang_link::transport::at_home;
use lianfang_link::{Clock, Dialer, Identity, Party, Tcp, Transport, Validity};
use lianfang_proto::documents::roster::{Member, Standing};
use lianfang_store::Kind;
use lianfang_telemetry::doctor::{Finding, State, copies, machine, settings, tell};

use crate::audit::{self, Verified};
use crate::config::Config;
use crate::fault::Error;
use crate::job::{folder, ledger};
use crate::office::{Office, disks, unix_time};
use crate::store::{FILE, work as rows};
use crate::telemetry::LEAST_FREE_BYTES;
use crate::work::{self, STEP};

/// Days before a certificate's end from which on it is a matter.
const DAYS: u64 = 30;
/// Members that are dialled at a time, and how long each may take.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a job may stand with a failure, and be tried again, before it counts as held up.
const HELD_UP: i64 = 10 * 60 * 1_000_000;

/// Runs every check.
pub(super) async fn perform(office: &Office, console: &dyn Console) -> Result<Exit, Problem> {
    let mut findings = vec![configuration(&office.config), advertised(office)];
    findings.extend(machine::checks_over(
        &office.dir,
        &office.disks(),
        &secret(&office.dir, Some(&office.config)),
        LEAST_FREE_BYTES,
    ));
    findings.push(store(office).await);
    findings.push(Finding::of("audit", whole_log(office).await));
    findings.extend(backup(office).await);
    findings.extend(shared_files(office).await);
    findings.push(authority(office));
    findings.push(Finding::of("jobs", jobs(office).await.map_err(Problem::from)));
    findings.extend(network(office).await);
    Ok(tell(console, &findings))
}

/// What is found of a folder that does not open: `problem`, and all that needs neither keys nor store.
pub(super) fn unopened(dir: &Path, problem: Problem, console: &dyn Console) -> Exit {
    let config = Config::read(dir).ok();
    let closed = closed(config.is_some(), problem.code());
    let mut findings = Vec::new();
    if closed != "configuration" {
        findings.extend(config.as_ref().map(configuration));
    }
    let disks = config.as_ref().map(|config| disks(dir, config).to_vec()).unwrap_or_default();
    findings.extend(machine::checks_over(dir, &disks, &secret(dir, config.as_ref()), LEAST_FREE_BYTES));
    findings.push(Finding::problem(closed, problem));
    tell(console, &findings)
}

/// The check to which that belongs which keeps a folder from opening.
fn closed(configured: bool, code: &str) -> &'static str {
    match code {
        _ if !configured || code.starts_with("config-") => "configuration",
        "coordinator-secret-file" | "coordinator-no-credentials" | "wrong-passphrase" => "secrets",
        _ if code.starts_with("file-") => "folder",
        _ => "store",
    }
}

fn configuration(config: &Config) -> Finding {
    settings::configuration(config.http.as_ref(), &config.log)
}

fn advertised(office: &Office) -> Finding {
    match office.advertised() {
        Some(address) => Finding::ok("advertise", "doctor-advertise-ok").with("address", address),
        None => Finding::fail("advertise", "doctor-advertise-unknown"),
    }
}

/// What nobody else may read.
fn secret(dir: &Path, config: Option<&Config>) -> Vec<PathBuf> {
    let unlock = config.and_then(|config| config.unlock.file()).map(|path| dir.join(path));
    let address = config.and_then(|config| config.store.url_file.as_ref()).map(|path| dir.join(path));
    ["secrets", FILE].map(|name| dir.join(name)).into_iter().chain(unlock).chain(address).collect()
}

/// That it opens has shown its step; this looks at its pages. A server looks after its own.
async fn store(office: &Office) -> Finding {
    if office.store.kind() == Kind::Postgres {
        return Finding::ok("store", "doctor-store-ok");
    }
    let asked =
        sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(office.store.readers()).await;
    match asked {
        Ok(word) if word == "ok" => Finding::ok("store", "doctor-store-ok"),
        // SQLite names pages and tables here, never what stands in them.
        Ok(said) => Finding::fail("store", "doctor-store-damaged").with("detail", said),
        Err(error) => Finding::problem("store", Error::from(error).into()),
    }
}

async fn whole_log(office: &Office) -> Result<Finding, Problem> {
    match audit::verify(office.store.readers()).await? {
        Verified::Whole(head) => {
            Ok(Finding::ok("audit", "doctor-audit-ok").with("entries", head.entries().to_string()))
        }
        Verified::Broken(broken) => {
            Err(Problem::fault("audit-broken").with("got", broken.seq.to_string()).because(broken))
        }
    }
}

/// A server's own tools copy what is on it.
async fn backup(office: &Office) -> Option<Finding> {
    if office.store.kind() == Kind::Postgres {
        return None;
    }
    let asked = audit::times(office.store.readers(), "store.backed-up").await.map_err(Problem::from);
    Some(Finding::of("backup", asked.map(|(first, last)| copies::age(first, last, office.now()))))
}

async fn shared_files(office: &Office) -> Option<Finding> {
    let path = office.files_folder();
    let shown = path.display().to_string();
    Some(match folder::agreed(office).await {
        Ok(None) => return None,
        Ok(Some(true)) => Finding::ok("shared-files", "doctor-shared-files-ok").with("path", shown),
        Ok(Some(false)) => Finding::fail("shared-files", "doctor-shared-files-elsewhere").with("path", shown),
        Err(error) => Finding::problem("shared-files", error.into()),
    })
}

fn authority(office: &Office) -> Finding {
    let now = unix_time(office.now()).as_secs();
    let ends = match Validity::of(office.keys.authority.certificate()) {
        Ok(validity) => validity.not_after.as_secs(),
        Err(error) => return Finding::problem("authority", Problem::bug(error)),
    };
    let days = ends.saturating_sub(now) / 86_400;
    let finding = match days {
        _ if ends <= now => {
            return Finding::fail("authority", "doctor-authority-over").exiting(Exit::Refused);
        }
        _ if days < DAYS => Finding::warn("authority", "doctor-authority-soon"),
        _ => Finding::ok("authority", "doctor-authority-ok"),
    };
    finding.with("days", days)
}

async fn jobs(office: &Office) -> Result<Finding, Error> {
    let mut connection = office.store.readers().acquire().await?;
    let mut jobs = ledger::running(office, &mut connection).await?;
    // Those that are over, and whose files are yet to be destroyed.
    jobs.extend(ledger::unswept(office, &mut connection).await?);
    let long = |since: i64| office.now().saturating_sub(since) > HELD_UP;
    let mut stuck = Vec::new();
    for job in jobs {
        let turn = rows::find(&mut connection, &work::job(job.agreed.job())).await?.unwrap_or_default();
        // What rests waits for a person, who is to hear of it at once; what is tried again may come right by itself.
        if turn.strikes >= STEP.strikes {
            stuck.push((job.agreed.job(), turn.fault));
        } else if !job.state.is_over() && !job.failure.is_empty() && long(job.entered_at) {
            stuck.push((job.agreed.job(), job.failure));
        }
    }
    Ok(match stuck.first() {
        Some((oldest, why)) => {
            let finding = Finding::fail("jobs", "doctor-jobs-stuck").exiting(Exit::Later);
            let finding = finding.with("count", stuck.len()).with("job", oldest.to_string());
            finding.with("detail", why.clone())
        }
        None => Finding::ok("jobs", "doctor-jobs-ok"),
    })
}

/// Who is reached: this coordinator at its own address, and every active member.
async fn network(office: &Office) -> Vec<Finding> {
    let transport: Arc<dyn Transport> = Arc::new(Tcp::default());
    let identity = match crate::app::certify(office) {
        Ok(identity) => identity,
        Err(error) => return vec![Finding::problem("certificate", Problem::bug(error))],
    };
    let dialer = dialer(office, Arc::clone(&transport), &identity);
    let mut findings = vec![port(office, &*transport, &dialer).await];
    findings.extend(members(office, &dialer).await);
    findings
}

fn dialer(office: &Office, transport: Arc<dyn Transport>, identity: &Identity) -> Dialer {
    if let Some(dialer) = office.reach.dialer() {
        return dialer;
    }
    let ports = office.ports.clone();
    let clock = Clock::new(move || unix_time(ports.clock.now()));
    let directory = Arc::clone(&office.book);
    let limits = DialLimits { connect: PATIENCE, ..DialLimits::default() };
    Dialer::new(transport, Some(identity), directory, &clock, limits)
}

async fn port(office: &Office, transport: &dyn Transport, dialer: &Dialer) -> Finding {
    let serving = office.address();
    let listen = serving.unwrap_or(&office.config.listen);
    let finding = match dialer.connect(&at_home(listen), &Party::Coordinator).await {
        Ok(_) => Finding::ok("port", "doctor-port-ok"),
        Err(error) if serving.is_some() => {
            Finding::fail("port", "doctor-port-other").with("detail", error.reason())
        }
        Err(error) => match transport.listen(listen).await {
            Ok(_) => Finding::warn("port", "doctor-port-idle"),
            Err(_) => Finding::fail("port", "doctor-port-taken").with("detail", error.reason()),
        },
    };
    finding.with("address", listen)
}

/// Members that are not reached; one line for all that are.
async fn members(office: &Office, dialer: &Dialer) -> Vec<Finding> {
    let in_force = office.book.now();
    let active: Vec<Member> =
        in_force.roster().members.iter().filter(|m| m.standing == Standing::Active).cloned().collect();
    let count = active.len();
    let dialled = futures::stream::iter(active.into_iter().map(|member| member_reached(dialer, member)));
    let mut findings: Vec<Finding> = dialled.buffered(AT_ONCE).filter_map(std::future::ready).collect().await;
    if findings.is_empty() {
        findings.push(Finding::ok("members", "doctor-members-ok").with("count", count));
    }
    debug_assert!(
        findings.iter().all(|finding| finding.state() != State::Fail),
        "a bank's absence is its own matter"
    );
    findings
}

async fn member_reached(dialer: &Dialer, member: Member) -> Option<Finding> {
    let party = Party::Bank(member.bank.as_str().to_owned());
    let error = dialer.connect(&member.address, &party).await.err()?;
    let finding = Finding::warn("members", "doctor-member-unreachable").with("party", member.bank.as_str());
    Some(finding.with("address", member.address).with("why", error.reason()))
}
