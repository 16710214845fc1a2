//! The options of the demo, and what follows from them.
//!
//! Comes in: arguments. Goes out: a [`Plan`] in which every number is in its range, or a problem (64) that names the
//! option. Nothing has been started by then.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use lianfang_desk::{Problem, Voice};
use lianfang_proto::catalogue;
use lianfang_proto::ids::BankId;
use lianfang_proto::limits;

/// The most rows per bank that the generator is asked for; larger registers are files of the caller's.
const MOST_RECORDS: u64 = 10_000_000;

/// What may be told to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Disclosure {
    /// How many banks.
    Count,
    /// Which banks.
    Institutions,
    /// Which banks, and what they say of it.
    Labels,
}

impl Disclosure {
    /// As the catalogue has it.
    pub const fn catalogued(self) -> catalogue::Disclosure {
        match self {
            Self::Count => catalogue::Disclosure::Count,
            Self::Institutions => catalogue::Disclosure::Institutions,
            Self::Labels => catalogue::Disclosure::Labels,
        }
    }
}

/// The arguments of `cargo demo`.
#[derive(Clone, Debug, Parser)]
#[command(name = "lianfang-demo", about = "The main job on this machine")]
pub struct Demo {
    /// How many banks.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    banks: Option<u64>,
    /// How many of them are key holders.
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    holders: Option<u64>,
    /// How many key holders it takes to evaluate.
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    key_threshold: Option<u64>,
    /// How many banks make a match.
    #[arg(long, value_name = "t", default_value_t = 2, allow_negative_numbers = true)]
    match_threshold: u64,
    /// Rows per bank.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    records: Option<u64>,
    /// The seed of the registers.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// What may be told.
    #[arg(long, value_enum, default_value_t = Disclosure::Labels)]
    disclosure: Disclosure,
    /// A register of the caller's, once per bank.
    #[arg(long, value_name = "BANK=FILE")]
    register: Vec<String>,
    /// Where results are kept.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Whether everything keeps running.
    #[arg(long)]
    keep: bool,
    /// How it speaks.
    #[command(flatten)]
    voice: Voice,
}

/// Where the registers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the generator.
    Generated {
        /// Rows per bank.
        records: usize,
        /// The seed.
        seed: u64,
    },
    /// From the caller, in the order of the banks.
    Files(Vec<PathBuf>),
}

/// A run of the demo, every number of it in its range.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The banks' names; the first are the holders.
    pub banks: Vec<String>,
    /// `M`.
    pub holders: usize,
    /// `T`.
    pub key_threshold: usize,
    /// `t`.
    pub match_threshold: u16,
    /// What may be told.
    pub disclosure: catalogue::Disclosure,
    /// Where the registers come from.
    pub source: Source,
    /// Where results are kept.
    pub out: Option<PathBuf>,
    /// Whether everything keeps running.
    pub keep: bool,
}

fn out_of_range(option: &str, got: &dyn ToString, wanted: impl Into<String>) -> Problem {
    Problem::usage("demo-range").field(option).with("got", got.to_string()).with("wanted", wanted.into())
}

/// The value, if it is from `least` to `most`.
fn ranged(option: &str, value: u64, least: u64, most: u64) -> Result<u64, Problem> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(out_of_range(option, &value, format!("{least}–{most}")))
}

impl Demo {
    /// The plan that these arguments make, called in `cwd`.
    pub fn plan(&self, cwd: &Path) -> Result<Plan, Problem> {
        let (banks, source) = if self.register.is_empty() { self.generated()? } else { self.files(cwd)? };
        let count = banks.len() as u64;
        let holders = match self.holders {
            None => count.min(5),
            Some(holders) => ranged("--holders", holders, 2, count.min(limits::HOLDERS as u64))?,
        };
        let key_threshold = match self.key_threshold {
            None => holders / 2 + 1,
            Some(threshold) => ranged("--key-threshold", threshold, 2, holders)?,
        };
        let match_threshold = ranged("--match-threshold", self.match_threshold, 2, u16::MAX.into())?;
        Ok(Plan {
            banks,
            holders: small(holders),
            key_threshold: small(key_threshold),
            match_threshold: u16::try_from(match_threshold).unwrap_or(u16::MAX),
            disclosure: self.disclosure.catalogued(),
            source,
            out: self.out.as_deref().map(|out| empty_or_new(&cwd.join(out))).transpose()?,
            keep: self.keep,
        })
    }

    fn generated(&self) -> Result<(Vec<String>, Source), Problem> {
        let banks = ranged("--banks", self.banks.unwrap_or(5), 2, limits::PARTICIPANTS as u64)?;
        let records = ranged("--records", self.records.unwrap_or(2_000), 0, MOST_RECORDS)?;
        let width = banks.to_string().len().max(2);
        let names = (1..=banks).map(|bank| format!("bank-{bank:0width$}")).collect();
        Ok((names, Source::Generated { records: small(records), seed: self.seed.unwrap_or(1) }))
    }

    fn files(&self, cwd: &Path) -> Result<(Vec<String>, Source), Problem> {
        let refused = [
            ("--banks", self.banks.is_some()),
            ("--records", self.records.is_some()),
            ("--seed", self.seed.is_some()),
        ];
        if let Some((option, _)) = refused.into_iter().find(|(_, given)| *given) {
            return Err(Problem::usage("usage-conflict").field(option).with("other", "--register"));
        }
        let (mut banks, mut files, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for given in &self.register {
            let (bank, file) = register(given)?;
            if !seen.insert(bank.clone()) {
                return Err(Problem::usage("demo-register-twice").field("--register").with("got", bank));
            }
            let file = cwd.join(file);
            if !file.is_file() {
                return Err(Problem::usage("file-not-found").with("path", &*file).field("--register"));
            }
            banks.push(bank);
            files.push(file);
        }
        if banks.len() < 2 {
            return Err(Problem::usage("demo-register-few").field("--register"));
        }
        Ok((banks, Source::Files(files)))
    }
}

/// A number that [`ranged`] has let through.
fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn register(given: &str) -> Result<(String, &str), Problem> {
    let form = || out_of_range("--register", &given, "BANK=FILE");
    let (bank, file) = given.split_once('=').ok_or_else(form)?;
    let bank = BankId::parse(bank, "bank").map_err(|error| form().because(error))?;
    if file.is_empty() { Err(form()) } else { Ok((bank.as_str().to_owned(), file)) }
}

/// The folder, which is made here if it is not there.
fn empty_or_new(out: &Path) -> Result<PathBuf, Problem> {
    let taken = || Problem::usage("demo-out-taken").field("--out").with("path", out);
    match std::fs::read_dir(out) {
        Ok(mut entries) => match entries.next() {
            None => Ok(out.to_owned()),
            Some(_) => Err(taken()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::create_dir_all(out).map_err(|error| Problem::file(out, error).field("--out"))?;
            Ok(out.to_owned())
        }
        Err(error) => Err(taken().because(error)),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn plan(args: &[&str]) -> Result<Plan, Problem> {
        let given = std::iter::once("demo").chain(args.iter().copied());
        Demo::try_parse_from(given).expect("clap takes it").plan(Path::new("/"))
    }

    /// The option that a refusal names.
    fn named(args: &[&str]) -> String {
        let problem = plan(args).expect_err("refused");
        assert_eq!(problem.exit().code(), 64, "{args:?}");
        problem.json()["error"]["field"].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn left_out_options_follow_from_the_banks() {
        for (banks, holders, threshold) in [(2, 2, 2), (3, 3, 2), (4, 4, 3), (5, 5, 3), (20, 5, 3)] {
            let made = plan(&["--banks", &banks.to_string()]).unwrap();
            assert_eq!((made.banks.len(), made.holders, made.key_threshold), (banks, holders, threshold));
        }
        let made = plan(&[]).unwrap();
        assert_eq!(made.banks.len(), 5);
        assert_eq!(made.source, Source::Generated { records: 2_000, seed: 1 });
        assert_eq!((made.match_threshold, made.disclosure), (2, catalogue::Disclosure::Labels));
        assert_eq!(plan(&["--banks", "3", "--match-threshold", "9"]).unwrap().match_threshold, 9);
        assert_eq!(plan(&["--holders", "4"]).unwrap().key_threshold, 3);
    }

    #[test]
    fn every_refusal_names_its_option() {
        assert_eq!(named(&["--banks", "1"]), "--banks");
        assert_eq!(named(&["--banks", "3", "--holders", "4"]), "--holders");
        assert_eq!(named(&["--holders", "1"]), "--holders");
        assert_eq!(named(&["--key-threshold", "1"]), "--key-threshold");
        assert_eq!(named(&["--holders", "3", "--key-threshold", "4"]), "--key-threshold");
        assert_eq!(named(&["--match-threshold", "1"]), "--match-threshold");
        assert_eq!(named(&["--match-threshold", "65536"]), "--match-threshold");
        assert_eq!(named(&["--records", "99999999999"]), "--records");
        let here = ["--register", "alpha=proc/self/status", "--register"];
        for bad in ["alpha=proc/self/status", "Alpha=proc/self/status", "beta", "beta=", "beta=nowhere"] {
            assert_eq!(named(&[&here[..], &[bad]].concat()), "--register", "{bad}");
        }
        assert_eq!(named(&here[..2]), "--register");
        for option in ["--banks", "--records", "--seed"] {
            let both = [&here[..], &["beta=proc/self/status", option, "3"]].concat();
            assert_eq!(named(&both), option);
        }
        assert_eq!(named(&["--out", "proc"]), "--out");
        assert_eq!(named(&["--out", "proc/self/status"]), "--out");
    }

    #[test]
    fn clap_names_the_option_of_a_number_that_is_none() {
        for option in ["--banks", "--holders", "--key-threshold", "--match-threshold", "--records", "--seed"]
        {
            for value in ["-1", "two", "18446744073709551616"] {
                let refused = Demo::try_parse_from(["demo", option, value]).expect_err("refused").to_string();
                assert!(refused.contains(option), "{refused}");
            }
        }
    }

    #[test]
    fn everything_is_described_in_both_languages() {
        assert_eq!(lianfang_desk::run::undescribed(Demo::command()), Vec::<String>::new());
    }
}
