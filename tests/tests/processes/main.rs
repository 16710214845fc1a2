//! The federation as real processes over TCP, by the demo: what a person would type, and what comes back.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use encoding_rs::GB18030;
use serde_json::Value;

mod programs;

const DEMO: &str = env!("CARGO_BIN_EXE_demo");

fn demo(args: &[&str]) -> Output {
    let mut command = Command::new(DEMO);
    command.args(args).env_remove("LANG").stdin(Stdio::null());
    command.output().expect("the demo starts")
}

fn ended(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The object on standard output, which holds nothing else.
fn object(output: &Output) -> Value {
    assert_eq!(ended(output), 0, "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

const ALPHA: &str = "record,role,cn-id,mobile,uscc,hold\n\
    A1,agent,110105491231002,139 1234 5678;+8613912345678,,\n\
    A2,agency,,,91350100m000100y43,\nA3,agent,440524188001010014,,,dispute\n";
const BETA: &str = "record,role,身份证号,手机号,组织机构代码,限制\nB1,complainant,11010519491231002x,,,\n\
    B2,agency,,０１３９１２３４５６７８,M000100Y-4,\nB3,agent,440524188001010014,,,\n";
const HEADER: &str = "\u{FEFF}record,role,kind,value_masked,banks,bank_ids,labels,new\n";

fn example(dir: &Path) -> [String; 2] {
    let (alpha, beta) = (dir.join("alpha.csv"), dir.join("beta.csv"));
    std::fs::write(&alpha, ALPHA).expect("written");
    std::fs::write(&beta, GB18030.encode(BETA).0).expect("written");
    [format!("alpha={}", alpha.display()), format!("beta={}", beta.display())]
}

#[test]
fn the_example_of_the_interface() {
    let dir = tempfile::tempdir().expect("a folder");
    let [alpha, beta] = example(dir.path());
    let out = dir.path().join("out");
    let out_text = out.display().to_string();
    let registers = ["--register", &alpha, "--register", &beta];
    let options = ["--match-threshold", "2", "--disclosure", "institutions", "--out", &out_text, "--json"];
    let told = object(&demo(&[&registers[..], &options].concat()));
    let report = |bank: &str| std::fs::read_to_string(out.join(bank).join("report.csv")).expect("a report");
    assert_eq!(
        report("alpha"),
        format!(
            "{HEADER}A1,agent,cn-id,110***********002X,2,alpha;beta,,true\n\
             A1,agent,mobile,*******5678,2,alpha;beta,,true\n\
             A2,agency,org-code,*****00Y4,2,alpha;beta,,true\n"
        )
    );
    assert_eq!(
        report("beta"),
        format!(
            "{HEADER}B1,complainant,cn-id,110***********002X,2,alpha;beta,,true\n\
             B2,agency,mobile,*******5678,2,alpha;beta,,true\n\
             B2,agency,org-code,*****00Y4,2,alpha;beta,,true\n"
        )
    );
    assert_eq!(
        (&told["ok"], &told["seed"], &told["mismatches"]),
        (&true.into(), &Value::Null, &Value::Array(vec![]))
    );
    assert_eq!(told["banks"][0]["report_rows"], 3);
    let lines = std::fs::read_to_string(out.join("alpha/report.jsonl")).expect("jsonl");
    let first: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("json");
    assert_eq!((&first["record"], &first["banks"]), (&"A1".into(), &2.into()));
    let rejects = std::fs::read_to_string(out.join("beta/rejects.csv")).expect("rejects");
    assert!(
        rejects.trim_start_matches('\u{FEFF}').starts_with("row,record,column,severity,code,message"),
        "{rejects}"
    );
    let summary = std::fs::read(out.join("coordinator/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_slice(&summary).expect("json");
    let members = [
        "job",
        "epoch",
        "terms_digest",
        "match_threshold",
        "submitted",
        "missing",
        "matches_by_banks",
        "by_kind",
        "suppressed_below",
    ];
    let mut keys: Vec<&str> = summary.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut members = members.to_vec();
    keys.sort_unstable();
    members.sort_unstable();
    assert_eq!(keys, members);
    assert_eq!((&summary["submitted"]["alpha"], &summary["suppressed_below"]), (&1_024.into(), &5.into()));
}

#[test]
fn three_banks_agree_and_everything_is_measured() {
    let told = object(&demo(&[
        "--banks",
        "3",
        "--records",
        "40",
        "--seed",
        "7",
        "--disclosure",
        "labels",
        "--json",
    ]));
    assert_eq!((&told["ok"], &told["seed"], &told["holders"]), (&true.into(), &7.into(), &3.into()));
    assert_eq!((&told["key_threshold"], &told["match_threshold"]), (&2.into(), &2.into()));
    let banks = told["banks"].as_array().expect("banks");
    assert_eq!(banks.len(), 3);
    for bank in banks {
        for figure in ["records", "identifiers", "report_rows", "evaluated", "bytes_sent", "peak_kib"] {
            assert!(bank[figure].as_u64().is_some_and(|count| count > 0), "{figure} of {bank}");
        }
        assert!(bank["cpu_s"].as_f64().is_some());
    }
    assert!(told["coordinator"]["peak_kib"].as_u64().is_some_and(|peak| peak > 0));
    for stage in ["enrol", "ceremony", "import", "job"] {
        assert!(told["stages"][stage].as_f64().is_some(), "{stage}: {}", told["stages"]);
    }
}

#[test]
fn a_threshold_above_the_banks_gives_empty_reports() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().display().to_string();
    let told = object(&demo(&[
        "--banks",
        "2",
        "--records",
        "20",
        "--match-threshold",
        "9",
        "--out",
        &out,
        "--json",
    ]));
    assert_eq!(told["ok"], true);
    for bank in ["bank-01", "bank-02"] {
        let report = std::fs::read_to_string(dir.path().join(bank).join("report.csv")).expect("a report");
        assert_eq!(report, HEADER);
    }
}

#[test]
fn a_person_reads_it_in_chinese() {
    let output = demo(&["--banks", "2", "--records", "20", "--lang", "zh", "--disclosure", "count"]);
    assert_eq!(ended(&output), 0, "{}", said(&output));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("bank-01") && out.contains("答案一致") && out.contains("内存峰值"), "{out}");
}

#[test]
fn refusals_name_the_option_before_anything_is_started() {
    let dir = tempfile::tempdir().expect("a folder");
    let [alpha, beta] = example(dir.path());
    let full = dir.path().display().to_string();
    let cases: [(&[&str], &str); 16] = [
        (&["--banks", "1"], "--banks"),
        (&["--banks", "-2"], "--banks"),
        (&["--banks", "many"], "--banks"),
        (&["--banks", "3", "--holders", "4"], "--holders"),
        (&["--holders", "1"], "--holders"),
        (&["--holders", "3", "--key-threshold", "4"], "--key-threshold"),
        (&["--key-threshold", "1"], "--key-threshold"),
        (&["--match-threshold", "1"], "--match-threshold"),
        (&["--disclosure", "everything"], "--disclosure"),
        (&["--records", "x"], "--records"),
        (&["--out", &full], "--out"),
        (&["--register", &alpha], "--register"),
        (&["--register", &alpha, "--register", &alpha], "--register"),
        (&["--register", &alpha, "--register", &beta, "--banks", "2"], "--banks"),
        (&["--register", &alpha, "--register", &beta, "--seed", "2"], "--seed"),
        (&["--register", &alpha, "--register", "Beta=x"], "--register"),
    ];
    for (args, option) in cases {
        for more in [&[][..], &["--json"], &["--lang", "zh"]] {
            let begun = Instant::now();
            let output = demo(&[args, more].concat());
            assert_eq!(ended(&output), 64, "{args:?} {}", said(&output));
            assert!(String::from_utf8_lossy(&output.stderr).contains(option), "{args:?} {}", said(&output));
            assert!(output.stdout.is_empty(), "{args:?}");
            assert!(begun.elapsed() < Duration::from_secs(10));
        }
    }
}

#[test]
fn a_file_that_is_no_register_has_the_importers_code() {
    let dir = tempfile::tempdir().expect("a folder");
    let [alpha, _] = example(dir.path());
    for (text, code) in
        [("mobile\n13912345678\n", 65), ("record,note\n1,x\n", 65), ("record,record,mobile\n", 64)]
    {
        let bad = dir.path().join("bad.csv");
        std::fs::write(&bad, text).expect("written");
        let bad = format!("bad={}", bad.display());
        let output = demo(&["--register", &alpha, "--register", &bad]);
        assert_eq!(ended(&output), code, "{text}: {}", said(&output));
        assert!(String::from_utf8_lossy(&output.stderr).contains("bad"), "{}", said(&output));
    }
}

/// Processes of the demo whose folders lie under `root`.
fn running(root: &str) -> usize {
    let entries = std::fs::read_dir("/proc").expect("proc").flatten();
    let of_ours = |entry: &std::fs::DirEntry| {
        std::fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(root))
    };
    entries.filter(of_ours).count()
}

/// Killed without a chance to say goodbye, it takes its children along.
#[test]
#[cfg(target_os = "linux")]
fn children_die_with_the_demo() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().display().to_string();
    let mut command = Command::new(DEMO);
    command.args(["--banks", "2", "--records", "20", "--keep"]).env("TMPDIR", dir.path());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let end = Instant::now() + Duration::from_mins(1);
    while running(&root) < 3 {
        assert!(Instant::now() < end, "the parties never ran");
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    let end = Instant::now() + Duration::from_secs(10);
    while running(&root) > 0 {
        assert!(Instant::now() < end, "{} live on", running(&root));
        std::thread::sleep(Duration::from_millis(50));
    }
}
