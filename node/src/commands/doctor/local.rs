//! What is found without asking anybody: machine, configuration, store, audit log, backup, watched folder, import.

use std::path::{Path, PathBuf};

use lianfang_crypto::lanes::Lanes;
use lianfang_desk::Problem;
use lianfang_telemetry::doctor::{Finding, copies, machine, settings};

use crate::app::App;
use crate::audit::AuditError;
use crate::config::Config;
use crate::ports::Micros;
use crate::secrets::STORE;
use crate::telemetry::LEAST_FREE_BYTES;
use crate::watch::{Inspected, inspect};

pub(super) async fn checks(node: &App) -> Vec<Finding> {
    let mut findings = vec![engine(), configuration(&node.config)];
    findings.extend(machine::checks(&node.dir, &secret(&node.dir, Some(&node.config)), LEAST_FREE_BYTES));
    findings.push(store(node).await);
    findings.push(audit(node).await);
    findings.extend(backup(node).await);
    findings.extend(watched(&node.config, node.ports.clock.now()));
    findings.extend(import(node));
    findings
}

/// What is found of a folder that does not open: `problem`, and all that needs neither keys nor store.
pub(super) fn unopened(dir: &Path, now: Micros, problem: Problem) -> Vec<Finding> {
    let config = Config::load(dir).ok();
    let closed = closed(config.is_some(), problem.code());
    let mut findings = vec![engine()];
    if closed != "configuration" {
        findings.extend(config.as_ref().map(configuration));
    }
    findings.extend(machine::checks(dir, &secret(dir, config.as_ref()), LEAST_FREE_BYTES));
    findings.push(Finding::problem(closed, problem));
    findings.extend(config.as_ref().and_then(|config| watched(config, now)));
    findings
}

/// The check to which that belongs which keeps a folder from opening.
fn closed(configured: bool, code: &str) -> &'static str {
    match code {
        _ if !configured || code.starts_with("config-") => "configuration",
        _ if ["secret", "credentials-", "wrong-passphrase"].iter().any(|head| code.starts_with(head)) => {
            "secrets"
        }
        "own-certificate-unusable" => "certificate",
        _ if code.starts_with("file-") => "folder",
        _ => "store",
    }
}

/// What nobody else may read.
fn secret(dir: &Path, config: Option<&Config>) -> Vec<PathBuf> {
    let unlock = config.and_then(|config| config.unlock.file()).map(Path::to_owned);
    let own = config.and_then(|config| config.certificate.as_ref()).map(|own| own.key.clone());
    let within = ["secrets", STORE].map(|name| dir.join(name));
    let address = config.and_then(|config| config.store.url_file.clone());
    within.into_iter().chain(unlock).chain(own).chain(address).collect()
}

fn engine() -> Finding {
    Finding::ok("engine", "doctor-engine-ok").with("engine", Lanes::current().name())
}

fn configuration(config: &Config) -> Finding {
    settings::configuration(config.http.as_ref(), &config.log)
}

/// That it opens has shown its step and its key; this looks at its pages. A server looks after its own.
async fn store(node: &App) -> Finding {
    if node.config.store.url_file.is_some() {
        return Finding::ok("store", "doctor-store-ok");
    }
    let asked =
        sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(node.store.readers()).await;
    match asked {
        Ok(word) if word == "ok" => Finding::ok("store", "doctor-store-ok"),
        // SQLite names pages and tables here, never what stands in them.
        Ok(said) => Finding::fail("store", "doctor-store-damaged").with("detail", said),
        Err(error) => Finding::problem("store", crate::store::StoreError::from(error).into()),
    }
}

/// A server's own tools copy what is on it.
async fn backup(node: &App) -> Option<Finding> {
    if node.config.store.url_file.is_some() {
        return None;
    }
    let asked = node.log.times("store.backed-up").await.map_err(Problem::from);
    Some(Finding::of("backup", asked.map(|(first, last)| copies::age(first, last, node.ports.clock.now()))))
}

/// The watched folder, if there is one: the worst that is found of it.
fn watched(config: &Config, now: Micros) -> Option<Finding> {
    let config = config.watch.as_ref()?;
    let found = match inspect(config, now) {
        Ok(found) => found,
        Err(error) => return Some(Finding::problem("watch", Problem::file(&config.folder, error))),
    };
    let finding = match found {
        Inspected { unreadable: unreadable @ 1.., .. } => {
            Finding::warn("watch", "doctor-watch-unreadable").with("count", unreadable)
        }
        Inspected { late: late @ 1.., .. } => Finding::warn("watch", "doctor-watch-late").with("count", late),
        Inspected { failed: failed @ 1.., .. } => {
            Finding::warn("watch", "doctor-watch-failed").with("count", failed)
        }
        Inspected { behind: behind @ 1.., .. } => {
            Finding::warn("watch", "doctor-watch-behind").with("count", behind)
        }
        Inspected { unfit: unfit @ 1.., .. } => {
            Finding::warn("watch", "doctor-watch-unfit").with("count", unfit)
        }
        Inspected { .. } => Finding::ok("watch", "doctor-watch-ok"),
    };
    Some(finding.with("path", config.folder.as_path()))
}

/// An import that was cut off and that nobody has run again, though it did not get further for an hour.
fn import(node: &App) -> Option<Finding> {
    let hours = node.register.cut_off()?.elapsed().ok()?.as_secs() / 3600;
    (hours > 0).then(|| Finding::warn("import", "doctor-import-cut-off").with("hours", hours.to_string()))
}

async fn audit(node: &App) -> Finding {
    let head = node.log.verify(&node.secrets.identity.verifying_key(), &[]).await;
    let broken =
        |error: AuditError| Problem::fault("audit-broken").with("got", error.to_string()).because(error);
    let found = head
        .map_err(broken)
        .map(|head| Finding::ok("audit", "doctor-audit-ok").with("entries", head.entries().to_string()));
    Finding::of("audit", found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_folder_from_opening_has_its_check() {
        for (configured, code, check) in [
            (false, "file-not-found", "configuration"),
            (true, "config-invalid", "configuration"),
            (true, "secret-file-open", "secrets"),
            (true, "secrets-damaged", "secrets"),
            (true, "wrong-passphrase", "secrets"),
            (true, "credentials-directory-missing", "secrets"),
            (true, "own-certificate-unusable", "certificate"),
            (true, "file-not-permitted", "folder"),
            (true, "store-newer", "store"),
            (true, "store-corrupt", "store"),
            (true, "restore-unfinished", "store"),
            (true, "busy", "store"),
        ] {
            assert_eq!(closed(configured, code), check, "{code}");
        }
    }
}
