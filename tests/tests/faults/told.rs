//! What people are told: read from the commands' own output, in both languages.

use lianfang_desk::{Exit, Lang, Problem};
use lianfang_proto::FaultCode;
use lianfang_tests::world::{COORDINATOR, Said, World};

/// How often a fault is looked for. Another may stand there first, and pass: a holder that has not admitted this bank yet.
const LOOKS: usize = 300;

/// Waits until the bank tells of this fault of the job, and reads it as a person does.
pub(crate) async fn told(world: &World, bank: &str, job: &str, code: FaultCode, party: &str) {
    let mut fault = world.fault(bank, job).await;
    for _ in 0..LOOKS {
        if fault["code"] == code.code() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        fault = world.fault(bank, job).await;
    }
    assert_eq!(fault["code"], code.code(), "{fault}");
    assert_eq!(fault["party"], party, "{fault}");
    said_of(world, bank, job, code, party).await;
}

/// What `job show` says at a party, the coordinator too: at which party something went wrong, and what to do.
pub(crate) async fn said_of(world: &World, at: &str, job: &str, code: FaultCode, party: &str) {
    for lang in Lang::ALL {
        let said = world.run_plain(at, &["job", "show", job, "--lang", lang.as_str()]).await;
        assert_eq!(said.exit, Exit::Done, "{said:?}");
        let told = said.out.lines().any(|line| is_told(line, &Problem::fault(code.code()), party, lang));
        assert!(told, "{lang:?}, {code:?} at {party}: {}", said.out);
    }
}

/// Runs a command that must fail in both languages; the sentence names `party` (or a path) and says what to do.
pub(crate) async fn in_both_languages(world: &World, at: &str, words: &[&str], code: &str, party: &str) {
    for lang in Lang::ALL {
        let said = world.run_plain(at, &[words, &["--lang", lang.as_str()]].concat()).await;
        failed(&said, code, party, lang);
    }
}

/// The same for a command that reads its standard input.
pub(crate) async fn in_both_languages_with(
    world: &World,
    at: &str,
    words: &[&str],
    input: &str,
    (code, party): (&str, &str),
) {
    for lang in Lang::ALL {
        let said = world.run_with(at, &[words, &["--lang", lang.as_str()]].concat(), input).await;
        failed(&said, code, party, lang);
    }
}

#[track_caller]
fn failed(said: &Said, code: &str, party: &str, lang: Lang) {
    assert_ne!(said.exit, Exit::Done, "{said:?}");
    let last = said.notes.lines().chain(said.out.lines()).last().unwrap_or_default();
    assert!(is_told(last, &Problem::fault(code), party, lang), "{lang:?}, {code}: {said:?}");
}

/// Whether the line is the sentence of this problem.
fn is_told(line: &str, problem: &Problem, party: &str, lang: Lang) -> bool {
    let advice = problem.advice(lang);
    let chinese = line.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c));
    let ended = line.ends_with(if lang == Lang::Zh { '。' } else { '.' });
    !advice.is_empty()
        && line.contains(&advice)
        && line.contains(party)
        && chinese == (lang == Lang::Zh)
        && ended
}

/// The sentences of a problem that no command of ours brings about, for our own programs never do such a thing.
#[track_caller]
pub(crate) fn sentences(problem: &Problem, party: &str) {
    for lang in Lang::ALL {
        let sentence = problem.sentence(lang);
        assert!(is_told(&sentence, problem, party, lang), "{sentence}");
    }
}

/// What the coordinator says of a ceremony.
pub(crate) async fn of_ceremony(world: &World, ceremony: &str, code: FaultCode, party: &str) {
    for lang in Lang::ALL {
        let words = ["ceremony", "show", ceremony, "--lang", lang.as_str()];
        let said = world.run_plain(COORDINATOR, &words).await;
        let told = said.out.lines().any(|line| is_told(line, &Problem::fault(code.code()), party, lang));
        assert!(told, "{lang:?}: {}", said.out);
    }
}
