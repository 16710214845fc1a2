//! Spans of time on the command line: `30s`, `15m`, `2h`, `7d`.

use crate::ports::Micros;

/// Reads a span; the error is a sentence for whoever typed it.
pub(super) fn parse(text: &str) -> Result<Micros, String> {
    let wrong = || "a span is a whole number and a unit: 30s, 15m, 2h, 7d".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    let seconds: Micros = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: Micros = number.parse().map_err(|_| wrong())?;
    // A year at most: a deadline beyond it outlives every certificate.
    let all = number.checked_mul(seconds).filter(|all| (1..=366 * 86_400).contains(all));
    all.map(|all| all * 1_000_000).ok_or_else(|| "a span is from one second to 366 days".to_owned())
}

/// A span as it would be typed: `90m`, not `1h30m`; `none` for no time.
pub(super) fn text(span: Micros) -> String {
    let seconds = span / 1_000_000;
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let fits = units.iter().find(|(unit, _)| seconds != 0 && seconds % unit == 0);
    fits.map_or_else(|| "none".to_owned(), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let table = [
            ("30s", Some(30)),
            ("15m", Some(900)),
            ("2h", Some(7_200)),
            ("7d", Some(604_800)),
            ("366d", Some(31_622_400)),
            ("367d", None),
            ("0s", None),
            ("s", None),
            ("30", None),
            ("-3s", None),
            ("1.5h", None),
            ("3 h", None),
            ("", None),
            ("99999999999999999999d", None),
        ];
        for (typed, seconds) in table {
            assert_eq!(parse(typed).ok(), seconds.map(|s: Micros| s * 1_000_000), "{typed}");
        }
        for typed in ["30s", "15m", "2h", "7d", "90m"] {
            assert_eq!(text(parse(typed).unwrap()), typed);
        }
        assert_eq!((text(0), text(7_200_000_000)), ("none".to_owned(), "2h".to_owned()));
    }
}
