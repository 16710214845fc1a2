//! The eight ways a command ends. The numbers are those of BSD's `sysexits.h` where it has one.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

/// How a command ended, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// Done.
    Done,
    /// The demo's reports differ from the clear answer.
    Differs,
    /// Bad usage or configuration, found before anything was begun.
    Usage,
    /// The input data cannot be used.
    Data,
    /// A peer is unreachable.
    Unreachable,
    /// A defect of this program.
    Bug,
    /// Try again later.
    Later,
    /// Refused by policy.
    Refused,
}

impl Exit {
    /// Every way to end, in the order of the numbers.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Differs,
        Self::Usage,
        Self::Data,
        Self::Unreachable,
        Self::Bug,
        Self::Later,
        Self::Refused,
    ];

    /// The number that the operating system is told.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Differs => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unreachable => 69,
            Self::Bug => 70,
            Self::Later => 75,
            Self::Refused => 77,
        }
    }

    /// What a child's exit code meant. A number that is none of ours, or death by a signal, is a defect.
    pub fn of_code(code: Option<i32>) -> Self {
        Self::ALL.into_iter().find(|exit| Some(i32::from(exit.code())) == code).unwrap_or(Self::Bug)
    }

    /// Whether the command did what it was asked.
    pub fn is_done(self) -> bool {
        self == Self::Done
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_scripts_rely_on() {
        let numbers: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(numbers, [0, 1, 64, 65, 69, 70, 75, 77]);
    }

    #[test]
    fn a_childs_code_is_read_back_and_an_unknown_one_is_a_defect() {
        for exit in Exit::ALL {
            assert_eq!(Exit::of_code(Some(i32::from(exit.code()))), exit);
        }
        assert_eq!(Exit::of_code(Some(2)), Exit::Bug);
        assert_eq!(Exit::of_code(None), Exit::Bug);
    }
}
