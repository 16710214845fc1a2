//! One sentence in two languages, one JSON object in English.

use std::io;
use std::path::Path;

use lianfang_desk::problem::AtPath;
use lianfang_desk::{Exit, Lang, Problem};

fn wrong_party() -> Problem {
    Problem::fault("wrong-party").at("beta").with("wanted", "beta").with("got", "gamma").doing("doing-job")
}

#[test]
fn a_sentence_says_what_where_why_and_what_to_do() {
    let problem = wrong_party();
    assert_eq!(
        problem.sentence(Lang::En),
        "The job did not go on at beta: the certificate names gamma where beta was expected; \
         check the address in the configuration and who answers there."
    );
    assert_eq!(
        problem.sentence(Lang::Zh),
        "任务未能继续（beta）：证书所示为 gamma，而应为 beta；请核对配置中的地址以及该地址由谁应答。"
    );
    assert_eq!(
        Problem::fault("job-closed").sentence(Lang::En),
        "The command did not finish: the job is closed; take part in the next one."
    );
}

#[test]
fn json_is_english_stable_and_complete() {
    let problem = Problem::fault("malformed-field").at("alpha").field("proof");
    let expected = serde_json::json!({"error": {
        "code": "malformed-field",
        "exit": 77,
        "party": "alpha",
        "field": "proof",
        "message": "the field proof is malformed",
        "advice": "check that both sides run the same version",
    }});
    assert_eq!(problem.json(), expected);
    assert_eq!(problem.render(Lang::Zh, true), expected.to_string());
    let bare = Problem::fault("job-closed").json();
    assert!(bare["error"]["party"].is_null() && bare["error"]["field"].is_null());
}

#[test]
fn exit_codes_follow_the_fault() {
    let exit = |code| Problem::fault(code).exit();
    assert_eq!(exit("unreachable"), Exit::Unreachable);
    assert_eq!(exit("generation-changed"), Exit::Later);
    assert_eq!(exit("config-unknown-field"), Exit::Usage);
    assert_eq!([exit("store-busy"), exit("store-failed")], [Exit::Later; 2]);
    assert_eq!([exit("wrong-keys"), exit("store-foreign")], [Exit::Usage; 2]);
    assert_eq!(exit("register-header-twice"), Exit::Usage);
    assert_eq!(exit("register-no-record-column"), Exit::Data);
    assert_eq!(exit("quota-exceeded"), Exit::Refused);
    assert_eq!(exit("internal"), Exit::Bug);
    assert_eq!(Problem::fault("job-unknown").exiting(Exit::Later).exit(), Exit::Later);
}

#[test]
fn a_code_of_a_newer_peer_does_no_harm() {
    let problem = Problem::fault("made-next\u{1b}[2J-year").at("al\u{7}pha");
    assert_eq!(problem.code(), "fault-unknown");
    for lang in Lang::ALL {
        assert!(!problem.sentence(lang).contains(char::is_control));
    }
    assert!(!problem.json()["error"]["party"].to_string().contains("\\u0007"));
}

#[test]
fn file_errors_are_told_apart_and_name_the_path() {
    let of = |kind: io::ErrorKind| Err::<(), _>(io::Error::from(kind)).at_path("/data/x").unwrap_err();
    for (kind, code, exit) in [
        (io::ErrorKind::StorageFull, "disk-full", Exit::Later),
        (io::ErrorKind::QuotaExceeded, "disk-full", Exit::Later),
        (io::ErrorKind::ReadOnlyFilesystem, "disk-read-only", Exit::Later),
        (io::ErrorKind::NotFound, "file-not-found", Exit::Usage),
        (io::ErrorKind::PermissionDenied, "file-not-permitted", Exit::Usage),
        (io::ErrorKind::Other, "file-failed", Exit::Later),
    ] {
        let problem = of(kind);
        assert_eq!((problem.code(), problem.exit()), (code, exit));
        assert!(problem.sentence(Lang::Zh).contains("/data/x"));
    }
    // ENOSPC, as the operating system says it.
    assert_eq!(Problem::file(Path::new("x"), io::Error::from_raw_os_error(28)).code(), "disk-full");
}

#[test]
fn a_problem_survives_anyhow_and_anything_else_is_a_defect() {
    let through: Problem = anyhow::Error::from(wrong_party()).context("while joining").into();
    assert_eq!(through.code(), "wrong-party");
    let other: Problem = anyhow::anyhow!("cause").context("outer").into();
    assert_eq!((other.code(), other.exit()), ("internal", Exit::Bug));
    assert!(other.sentence(Lang::En).contains("outer: cause"));
    assert!(std::error::Error::source(&other).is_some());
}
