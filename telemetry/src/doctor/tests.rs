use lianfang_desk::Buffer;

use super::*;

fn findings() -> Vec<Finding> {
    vec![
        Finding::ok("disk", "doctor-disk-ok").with("free", "9 GiB"),
        Finding::warn("descriptors", "doctor-descriptors-low").with("limit", "256").with("least", "1024"),
        Finding::fail("files", "doctor-files-low").with("free", "3").exiting(Exit::Later),
        Finding::problem("membership", Problem::refused("certificate-ends").with("days", "3")),
    ]
}

#[test]
fn scripts_get_an_object_and_the_first_failures_code() {
    let console = Buffer::new(Lang::Zh).json();
    assert_eq!(tell(&console, &findings()), Exit::Later);
    let told: serde_json::Value = serde_json::from_str(&console.out_text()).unwrap();
    assert_eq!(told["ok"], false);
    let states: Vec<_> = told["checks"].as_array().unwrap().iter().map(|check| &check["state"]).collect();
    assert_eq!(states, ["ok", "warn", "fail", "fail"]);
    assert_eq!(told["checks"][0]["remedy"], "");
    assert!(told["checks"][2]["sentence"].as_str().unwrap().contains('3'));
    assert_eq!(told["checks"][3]["code"], "certificate-ends");
}

#[test]
fn warnings_alone_end_with_zero() {
    let console = Buffer::new(Lang::En);
    assert_eq!(tell(&console, &findings()[..2]), Exit::Done);
    assert!(console.out_text().contains('→'), "the warning has its remedy: {}", console.out_text());
    let softened = Finding::fail("files", "doctor-files-low").softened();
    assert_eq!(tell(&console, &[softened]), Exit::Done);
}

#[test]
fn people_read_their_language() {
    let console = Buffer::new(Lang::Zh);
    tell(&console, &findings());
    let said = console.out_text();
    assert!(said.contains("检查项") && !said.contains("doctor-"), "{said}");
}

#[test]
fn a_finding_names_the_party_that_it_is_about() {
    let about = |finding: Finding| {
        let (people, scripts) = (Buffer::new(Lang::En), Buffer::new(Lang::En).json());
        tell(&people, std::slice::from_ref(&finding));
        tell(&scripts, &[finding]);
        let told: serde_json::Value = serde_json::from_str(&scripts.out_text()).unwrap();
        (people.out_text(), told["checks"][0]["party"].clone())
    };
    let (people, party) =
        about(Finding::problem("holder", Problem::fault("unreachable")).with("party", "beta"));
    assert!(people.contains("beta: "), "{people}");
    assert_eq!(party, "beta");
    let (people, party) = about(Finding::problem("holder", Problem::fault("unreachable").at("gamma")));
    assert!(people.contains("gamma: "), "{people}");
    assert_eq!(party, "gamma");
    let off = Finding::fail("clock", "doctor-clock-off").with("party", "beta").with("seconds", 9_u64);
    let (people, party) = about(off);
    assert_eq!((people.matches("beta").count(), party), (1, "beta".into()));
    assert_eq!(about(Finding::ok("files", "doctor-files-ok")).1, serde_json::Value::Null);
}
