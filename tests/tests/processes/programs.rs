//! Programs of one party: alone in its folder, put back, short of disk, killed at its work.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{DEMO, ended, object, said};

/// What a child of the demo gave. It would end with its standard input, so that is kept open meanwhile, as the demo does.
fn ended_by_itself(mut child: Child) -> Output {
    let lives = child.stdin.take();
    let output = child.wait_with_output().expect("ended");
    drop(lives);
    output
}

/// A second `serve` on one folder is refused with a sentence; any other command is forwarded to the first.
#[test]
fn one_process_at_a_time_in_a_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("hub").display().to_string();
    let start = |words: &[&str]| {
        let mut command = Command::new(DEMO);
        command.arg("coordinator").args(words).args(["--dir", &folder]).env_remove("LANG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    };
    let run = |words: &[&str]| ended_by_itself(start(words));
    assert_eq!(ended(&run(&["init", "--listen", "127.0.0.1:0"])), 0);
    let mut serving = start(&["serve", "--json"]);
    let mut line = String::new();
    let mut out = std::io::BufReader::new(serving.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut out, &mut line).expect("it listens");
    let output = run(&["roster", "list", "--json"]);
    assert_eq!(object(&output)["version"], 1);
    for (lang, word) in [("en", "in use"), ("zh", "正由进程")] {
        let output = run(&["serve", "--lang", lang]);
        assert_eq!(ended(&output), 75, "{}", said(&output));
        let sentence = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(sentence.contains(&serving.id().to_string()), "{sentence}");
        assert!(sentence.contains(word) && sentence.contains(&folder), "{sentence}");
    }
    serving.kill().expect("killed");
    serving.wait().expect("gone");
}

/// A backup is put back by a process that has opened no store before: into the folder it came from, and into one that has
/// nothing but the unlocking secret.
#[test]
fn a_backup_is_restored_by_a_process_of_its_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name).display().to_string();
    for program in ["node", "coordinator"] {
        let (folder, other, backup) =
            (path(program), path(&format!("{program}-2")), path(&format!("{program}-b")));
        let run = |words: &[&str], folder: &str| {
            let mut command = Command::new(DEMO);
            command.arg(program).args(words).args(["--dir", folder, "--json"]).env_remove("LANG");
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            object(&ended_by_itself(command.spawn().expect("started")))
        };
        let contact: &[&str] = if program == "node" { &["--contact", "c@alpha.example"] } else { &[] };
        run(&[&["init", "--listen", "127.0.0.1:0"][..], contact].concat(), &folder);
        assert!(run(&["backup", &backup], &folder)["bytes"].as_u64() > Some(10_000));
        std::fs::create_dir_all(Path::new(&other).join("secrets")).expect("made");
        let unlock = |folder: &str| Path::new(folder).join("secrets/unlock.key");
        std::fs::copy(unlock(&folder), unlock(&other)).expect("copied");
        for folder in [&folder, &other] {
            assert_eq!(run(&["restore", &backup], folder)["restored"], true);
            assert!(run(&["audit", "verify"], folder)["entries"].as_u64() > Some(1));
        }
    }
}

/// What `doctor` finds in a new folder: an engine, a log that holds, and that the node has joined nothing yet. An engine
/// that does not exist is refused before anything is done.
#[test]
fn the_doctor_says_what_is_missing() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("alpha").display().to_string();
    let run = |words: &[&str], lanes: Option<&str>| {
        let mut command = Command::new(DEMO);
        command.arg("node").args(words).args(["--dir", &folder]).env_remove("LANG").stdin(Stdio::piped());
        if let Some(lanes) = lanes {
            command.env("LIANFANG_LANES", lanes);
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        ended_by_itself(child.expect("started"))
    };
    let contact = ["--contact", "compliance@alpha.example"];
    let made = run(&[&["init", "--listen", "127.0.0.1:0"][..], &contact].concat(), None);
    assert_eq!(ended(&made), 0, "{}", said(&made));
    let output = run(&["doctor", "--json"], Some("portable"));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let check = |name: &str| {
        let checks = found["checks"].as_array().expect("checks").iter();
        checks
            .clone()
            .find(|check| check["check"] == name)
            .unwrap_or_else(|| panic!("no {name}: {found}"))
            .clone()
    };
    assert!(check("engine")["sentence"].as_str().is_some_and(|said| said.contains("portable")), "{found}");
    assert_eq!(check("audit")["state"], "ok");
    assert_eq!(check("store")["state"], "ok");
    assert_eq!(check("membership")["state"], "fail");
    assert!(!check("membership")["remedy"].as_str().unwrap_or_default().is_empty());
    assert_eq!(ended(&output), 64, "{}", said(&output));
    let output = run(&["doctor", "--lang", "en"], Some("abacus"));
    assert_eq!(ended(&output), 64);
    assert!(
        said(&output).contains("LIANFANG_LANES") && said(&output).contains("abacus"),
        "{}",
        said(&output)
    );
}

/// Whose port it is: nobody's, another program's, its own.
#[test]
fn the_doctor_says_whose_port_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("hub").display().to_string();
    let start = |words: &[&str]| {
        let mut command = Command::new(DEMO);
        command.arg("coordinator").args(words).args(["--dir", &folder, "--json"]).env_remove("LANG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    };
    let found = || {
        let output = ended_by_itself(start(&["doctor"]));
        let told: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        let checks = told["checks"].as_array().expect("checks").iter();
        let port = checks.clone().find(|check| check["check"] == "port").cloned();
        port.unwrap_or_else(|| panic!("{told}"))
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    assert_eq!(ended(&ended_by_itself(start(&["init", "--listen", &address]))), 0);
    let idle = found();
    assert_eq!((&idle["state"], &idle["code"]), (&"warn".into(), &"doctor-port-idle".into()), "{idle}");
    let other = std::net::TcpListener::bind(&address).expect("it is free");
    let taken = found();
    assert_eq!((&taken["state"], &taken["code"]), (&"fail".into(), &"doctor-port-taken".into()), "{taken}");
    assert!(taken["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{taken}");
    drop(other);
    let mut serving = start(&["serve"]);
    let mut line = String::new();
    let mut out = std::io::BufReader::new(serving.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut out, &mut line).expect("it listens");
    assert_eq!(found()["code"], "doctor-port-ok");
    serving.kill().expect("killed");
    serving.wait().expect("gone");
}

/// A register that does not fit on the node's disk: nothing is half done, and with more space the same command works.
/// The small disk is mounted in a namespace of its own, which is why this stands behind a feature.
#[test]
#[cfg(feature = "namespaces")]
fn a_full_disk_is_told_and_survived() {
    let mount = ["-Urm", "sh", "-c"];
    let allowed = Command::new("unshare").args(mount).arg("mount -t tmpfs none /mnt").output();
    assert!(
        allowed.expect("unshare is there").status.success(),
        "a user may mount in a namespace of its own"
    );
    let dir = tempfile::tempdir().expect("a folder");
    let register = dir.path().join("register.csv");
    let mut file = std::fs::File::create(&register).expect("created");
    let plain = lianfang_tests::people::Plain { seed: 3, identifiers: 6_000, common: 0 };
    plain.write_register(0, &mut file).expect("written");
    let script = "mkdir $1/disk; mount -t tmpfs -o size=1m none $1/disk; node=\"$2 node\"; n=\"--dir $1/disk/n --json\"
        $node init --listen 127.0.0.1:0 $n || exit
        $node import $1/register.csv --rejects $1/rejects.csv $n; echo code $?
        mount -o remount,size=64m $1/disk
        $node import $1/register.csv --rejects $1/rejects.csv $n; echo code $?
        $node audit verify $n; echo code $?";
    let mut command = Command::new("unshare");
    command.args(mount).arg(script).args(["sh", &dir.path().display().to_string(), DEMO]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = ended_by_itself(command.spawn().expect("started"));
    let (out, notes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let codes: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("code ")).collect();
    assert_eq!(codes, ["75", "0", "0"], "{}", said(&output));
    assert!(notes.contains("\"disk-full\""), "{notes}");
    assert!(out.contains("\"records\":6000"), "{out}");
}

/// An import that is killed while it reads is taken up by the next process, and leaves nothing in clear meanwhile.
#[test]
fn an_import_that_is_killed_is_taken_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let (register, folder) = (dir.path().join("register.csv"), dir.path().join("n"));
    let mut text = String::from("record,role,mobile,note\n");
    let note = "催收".repeat(400);
    for at in 0..30_000 {
        text.push_str(&format!("CASE-{at:06},agent,139{:08},{note}\n", 10_000_000 + at));
    }
    std::fs::write(&register, text).expect("written");
    let start = |words: &[&str]| {
        let mut command = Command::new(DEMO);
        command.arg("node").args(words).args(["--json", "--dir"]).arg(&folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    };
    let run = |words: &[&str]| ended_by_itself(start(words));
    let words =
        ["import", &register.display().to_string(), "--rejects", &format!("{}.r", register.display())];
    assert_eq!(ended(&run(&["init", "--listen", "127.0.0.1:0"])), 0);
    let (mut child, end) = (start(&words), Instant::now() + Duration::from_mins(1));
    while !folder.join(".import/state").exists() {
        assert!(Instant::now() < end, "nothing was ever kept");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    let kept = std::fs::read_dir(folder.join(".import")).expect("kept").flatten();
    for entry in kept.chain(std::fs::read_dir(&folder).expect("a folder").flatten()) {
        let Ok(bytes) = std::fs::read(entry.path()) else { continue };
        for clear in ["CASE-00", "1391000", "催收催收"] {
            assert!(!bytes.windows(clear.len()).any(|window| window == clear.as_bytes()), "{entry:?}");
        }
    }
    let told = object(&run(&words));
    assert_eq!((&told["rows"], &told["added"]), (&30_000.into(), &30_000.into()), "{told}");
    let taken_up = told["taken_up"].as_u64().expect("a number");
    assert!((1..=30_000).contains(&taken_up), "{told}");
    assert!(!folder.join(".import").exists());
    assert_eq!(ended(&run(&["audit", "verify"])), 0);
}
