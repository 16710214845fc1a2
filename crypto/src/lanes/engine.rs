//! Which engine computes: chosen once, when the process first needs one.
//!
//! - **Comes in:** the CPU's features, and the variable `LIANFANG_LANES`. **Goes out:** [`Lanes`], and `run`, which
//!   hands a `Kernel` the engine it is to be compiled for.
//!   [`Lanes::on`] computes on another engine for once, so that engines are compared with each other.
//! - **Never sees:** data. **Trusts:** the run-time test of features.
//! - **Fails:** a forced engine that this CPU cannot run, or that does not exist, is refused by [`Lanes::forced`],
//!   which whoever starts the process asks; a computation itself then takes the best there is.

use core::cell::Cell;
use std::sync::OnceLock;

use thiserror::Error;

use super::field::Field;
use super::portable::Portable;
use super::words::Words;
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Ifma};

/// The environment variable that forces an engine.
pub const VARIABLE: &str = "LIANFANG_LANES";

/// How many points are computed at once, and by which instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// Eight lanes: AVX-512 with IFMA.
    Ifma,
    /// Four lanes: AVX2.
    Avx2,
    /// One lane in portable Rust.
    Portable,
}

/// Why an engine cannot be forced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LanesRefused {
    /// No engine has this name.
    #[error("LIANFANG_LANES names no engine; set it to ifma, avx2 or portable, or unset it")]
    Unknown,
    /// This CPU has not the instructions.
    #[error("LIANFANG_LANES asks for {0}, which this CPU does not have; unset it")]
    Unavailable(&'static str),
}

impl LanesRefused {
    /// What was asked for, as far as it is a name.
    pub fn got(&self) -> String {
        match self {
            Self::Unknown => std::env::var_os(VARIABLE).unwrap_or_default().to_string_lossy().into_owned(),
            Self::Unavailable(name) => (*name).to_owned(),
        }
    }
}

impl Lanes {
    /// All engines, the fastest first.
    pub const ALL: [Self; 3] = [Self::Ifma, Self::Avx2, Self::Portable];

    /// The engine's name, as the environment variable has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ifma => "ifma",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }

    /// Whether this CPU can run it.
    pub fn available(self) -> bool {
        self.chosen().is_some()
    }

    /// The engine that the environment forces, if it does, or why it cannot be had.
    pub fn forced() -> Result<Option<Self>, LanesRefused> {
        let Some(name) = std::env::var_os(VARIABLE) else { return Ok(None) };
        let engine = Self::ALL.into_iter().find(|lanes| name == lanes.name()).ok_or(LanesRefused::Unknown)?;
        if engine.available() { Ok(Some(engine)) } else { Err(LanesRefused::Unavailable(engine.name())) }
    }

    /// Does `job` with this engine in the place of the process's, on this thread alone, if this CPU can run it.
    pub fn on<T>(self, job: impl FnOnce() -> T) -> Option<T> {
        let before = Before(INSTEAD.replace(Some(self.chosen()?)));
        let result = job();
        drop(before);
        Some(result)
    }

    /// The engine that computes here: the one of the process, or the one that [`Lanes::on`] has put in its place.
    pub fn current() -> Self {
        match current() {
            #[cfg(target_arch = "x86_64")]
            Chosen::Ifma(_) => Self::Ifma,
            #[cfg(target_arch = "x86_64")]
            Chosen::Avx2(_) => Self::Avx2,
            Chosen::Portable(_) => Self::Portable,
        }
    }

    /// The engine's token, where this CPU can run it.
    fn chosen(self) -> Option<Chosen> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Ifma => Ifma::detect().map(Chosen::Ifma),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().map(Chosen::Avx2),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Ifma | Self::Avx2 => None,
            Self::Portable => Some(Chosen::Portable(Portable)),
        }
    }
}

/// An engine with the proof that it may run.
#[derive(Clone, Copy)]
enum Chosen {
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    Portable(Portable),
}

thread_local! {
    /// What [`Lanes::on`] has put in the place of the process's engine.
    static INSTEAD: Cell<Option<Chosen>> = const { Cell::new(None) };
}

/// What was there before, put back when dropped: also by a panic.
struct Before(Option<Chosen>);

impl Drop for Before {
    fn drop(&mut self) {
        INSTEAD.set(self.0);
    }
}

fn current() -> Chosen {
    INSTEAD.get().unwrap_or_else(of_process)
}

fn of_process() -> Chosen {
    static CURRENT: OnceLock<Chosen> = OnceLock::new();
    *CURRENT.get_or_init(|| {
        let forced = Lanes::forced().ok().flatten().and_then(Lanes::chosen);
        let best = || Lanes::ALL.into_iter().find_map(Lanes::chosen);
        forced.or_else(best).unwrap_or(Chosen::Portable(Portable))
    })
}

/// A set of instructions, and the vectors it computes with.
pub(crate) trait Engine: Copy {
    /// Field elements, as many as there are lanes.
    type Field: Field<Engine = Self>;
    /// Words of 64 bits, one in each lane.
    type Words: Words<Engine = Self>;
}

#[cfg(target_arch = "x86_64")]
impl Engine for Ifma {
    type Field = super::ifma::F51x8;
    type Words = super::x86::U64x8;
}

#[cfg(target_arch = "x86_64")]
impl Engine for Avx2 {
    type Field = super::avx2::F25x4;
    type Words = super::x86::U64x4;
}

impl Engine for Portable {
    type Field = super::portable::F51;
    type Words = u64;
}

/// A computation that is compiled once for each engine. Its `run`, and all that it calls, is to be inlined: only then
/// does the engine's code hold single instructions in the place of calls.
pub(crate) trait Kernel {
    /// What it gives.
    type Output;

    /// Computes.
    fn run<E: Engine>(self, engine: E) -> Self::Output;
}

/// Runs `kernel` on the engine that computes here.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    run_on(current(), kernel)
}

/// Runs `kernel` on one engine, if this CPU has it.
#[cfg(test)]
pub(crate) fn run_with<K: Kernel>(lanes: Lanes, kernel: K) -> Option<K::Output> {
    lanes.on(|| run_on(current(), kernel))
}

fn run_on<K: Kernel>(chosen: Chosen, kernel: K) -> K::Output {
    match chosen {
        #[cfg(target_arch = "x86_64")]
        Chosen::Ifma(token) => token.run(kernel),
        #[cfg(target_arch = "x86_64")]
        Chosen::Avx2(token) => token.run(kernel),
        Chosen::Portable(token) => kernel.run(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test that asks for an engine and gets another would prove nothing.
    #[test]
    fn a_forced_engine_is_the_one_that_computes() {
        let best = || Lanes::ALL.into_iter().find(|lanes| lanes.available());
        match Lanes::forced() {
            Ok(forced) => assert_eq!(Some(Lanes::current()), forced.or_else(best)),
            Err(refused) => panic!("no engine to test: {refused}"),
        }
    }

    #[test]
    fn an_engine_takes_the_place_of_another_for_one_job() {
        let before = Lanes::current();
        for lanes in Lanes::ALL {
            assert_eq!(lanes.on(Lanes::current).unwrap_or(lanes), lanes);
            assert_eq!(lanes.on(|| ()).is_some(), lanes.available());
            assert_eq!(Lanes::current(), before);
        }
        let inside = Lanes::Portable.on(|| {
            std::panic::catch_unwind(|| before.on(|| panic!("a job fails"))).is_err()
                && Lanes::current() == Lanes::Portable
        });
        assert_eq!(inside, Some(true));
        assert_eq!(Lanes::current(), before);
    }
}
