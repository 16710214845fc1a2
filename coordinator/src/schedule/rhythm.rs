//! When runs are planned: every week, every month, by a cron expression, or once; in a time zone.
//!
//! Comes in: the text that an operator typed, a zone of the IANA database, an instant. Goes out: the next planned instant
//! after it. Pure. Fails on text that is not of its form, with a sentence that says the form.
//!
//! A wall clock that jumps is met as RFC 5545 (3.3.5) has it: a time that a day lacks is as much later as the clock jumps, a
//! time that a day has twice is the first of them. So a weekly run takes place once in every week. Cron expressions are those
//! of `crontab(5)`, five fields, read by `croner`, and walked by it over times of the wall clock, so that they are met alike.

use std::fmt;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ports::Micros;

/// Text that is not of its form; says the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

const DAY: Micros = 24 * 3_600 * 1_000_000;

const WEEKLY: Malformed = Malformed("days and a time, as in mon@02:00 or mon,thu@02:00");
const MONTHLY: Malformed = Malformed(
    "a day from 1 to 28, or last, and a time, as in 1@02:00 or last@02:00: not every month has more days",
);
const CRON: Malformed =
    Malformed("five fields: minute, hour, day, month, weekday, as in \"0 2 * * mon\"; see crontab(5)");
const ONCE: Malformed = Malformed("a date and a time, as in 2027-01-15T02:00");
const ZONE: Malformed = Malformed("a zone of the IANA database, as in Asia/Shanghai");

/// A time zone by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// The zone with this name.
    pub fn named(name: &str) -> Result<Self, Malformed> {
        let zone = TimeZone::get(name).map_err(|_| ZONE)?;
        let name = zone.iana_name().ok_or(ZONE)?.to_owned();
        Ok(Self { name, zone })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant at which the wall clock shows this.
    pub fn instant(&self, at: DateTime) -> Option<Micros> {
        Some(at.to_zoned(self.zone.clone()).ok()?.timestamp().as_microsecond())
    }

    /// The first instant of a day.
    pub fn begin_of(&self, day: Date) -> Option<Micros> {
        Some(day.to_zoned(self.zone.clone()).ok()?.start_of_day().ok()?.timestamp().as_microsecond())
    }

    /// What the wall clock shows.
    fn wall(&self, at: Micros) -> Option<jiff::Zoned> {
        Some(Timestamp::from_microsecond(at).ok()?.to_zoned(self.zone.clone()))
    }

    /// An instant as people of the zone read it.
    pub fn shown(&self, at: Micros) -> String {
        self.wall(at).map(|wall| wall.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()).unwrap_or_default()
    }
}

impl TryFrom<String> for Zone {
    type Error = Malformed;

    fn try_from(name: String) -> Result<Self, Malformed> {
        Self::named(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

/// The day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// 1 to 28.
    Numbered(i8),
    /// The last one, whichever it is.
    Last,
}

/// When runs are planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Rhythm {
    kind: Kind,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Weekly(Vec<Weekday>, Time),
    Monthly(Day, Time),
    Cron(Box<Cron>),
    Once(DateTime),
}

/// As it is stored: the text by its kind.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Written {
    Weekly(String),
    Monthly(String),
    Cron(String),
    Once(String),
}

impl TryFrom<Written> for Rhythm {
    type Error = Malformed;

    fn try_from(written: Written) -> Result<Self, Malformed> {
        match written {
            Written::Weekly(text) => Self::weekly(&text),
            Written::Monthly(text) => Self::monthly(&text),
            Written::Cron(text) => Self::cron(&text),
            Written::Once(text) => Self::once(&text),
        }
    }
}

impl From<Rhythm> for Written {
    fn from(rhythm: Rhythm) -> Self {
        match rhythm.kind {
            Kind::Weekly(..) => Self::Weekly(rhythm.text),
            Kind::Monthly(..) => Self::Monthly(rhythm.text),
            Kind::Cron(_) => Self::Cron(rhythm.text),
            Kind::Once(_) => Self::Once(rhythm.text),
        }
    }
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Weekly(..) => "weekly",
            Kind::Monthly(..) => "monthly",
            Kind::Cron(_) => "cron",
            Kind::Once(_) => "once",
        };
        write!(f, "{kind} {}", self.text)
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

impl Rhythm {
    fn of(kind: Kind, text: &str) -> Self {
        Self { kind, text: text.to_owned() }
    }

    /// `mon@02:00`, `mon,thu@02:00`.
    pub fn weekly(text: &str) -> Result<Self, Malformed> {
        let (days, at) = text.split_once('@').ok_or(WEEKLY)?;
        let days: Option<Vec<_>> = days.split(',').map(weekday).collect();
        Ok(Self::of(Kind::Weekly(days.ok_or(WEEKLY)?, time(at).ok_or(WEEKLY)?), text))
    }

    /// `1@02:00`, `last@02:00`.
    pub fn monthly(text: &str) -> Result<Self, Malformed> {
        let (day, at) = text.split_once('@').ok_or(MONTHLY)?;
        let day = if day == "last" {
            Day::Last
        } else {
            Day::Numbered(day.parse().ok().filter(|day| (1..=28).contains(day)).ok_or(MONTHLY)?)
        };
        Ok(Self::of(Kind::Monthly(day, time(at).ok_or(MONTHLY)?), text))
    }

    /// Five fields, as in `crontab(5)`.
    pub fn cron(text: &str) -> Result<Self, Malformed> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|_| CRON)?;
        Ok(Self::of(Kind::Cron(Box::new(cron)), text))
    }

    /// `2027-01-15T02:00`.
    pub fn once(text: &str) -> Result<Self, Malformed> {
        let (date, at) = text.split_once('T').ok_or(ONCE)?;
        let date: Date = date.parse().map_err(|_| ONCE)?;
        Ok(Self::of(Kind::Once(date.to_datetime(time(at).ok_or(ONCE)?)), text))
    }

    /// The first planned instant after this one.
    pub fn after(&self, zone: &Zone, at: Micros) -> Option<Micros> {
        match &self.kind {
            Kind::Weekly(days, time) => weekly_after(days, *time, zone, at),
            Kind::Monthly(day, time) => monthly_after(*day, *time, zone, at),
            Kind::Cron(cron) => cron_after(cron, zone, at),
            Kind::Once(once) => zone.instant(*once).filter(|once| *once > at),
        }
    }
}

fn weekly_after(days: &[Weekday], time: Time, zone: &Zone, at: Micros) -> Option<Micros> {
    // From the day before: a wall clock may have been set back over midnight.
    let mut day = zone.wall(at)?.date().yesterday().ok()?;
    for _ in 0..10 {
        if days.contains(&day.weekday())
            && let Some(found) = zone.instant(day.to_datetime(time)).filter(|found| *found > at)
        {
            return Some(found);
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn monthly_after(day: Day, time: Time, zone: &Zone, at: Micros) -> Option<Micros> {
    let mut first = zone.wall(at)?.date().yesterday().ok()?.first_of_month();
    for _ in 0..4 {
        let date = match day {
            Day::Numbered(day) => Date::new(first.year(), first.month(), day).ok()?,
            Day::Last => first.last_of_month(),
        };
        if let Some(found) = zone.instant(date.to_datetime(time)).filter(|found| *found > at) {
            return Some(found);
        }
        first = first.last_of_month().tomorrow().ok()?;
    }
    None
}

fn cron_after(cron: &Cron, zone: &Zone, at: Micros) -> Option<Micros> {
    // What a clock that was put forward within the last day has left out may lie ahead, and is earlier by the wall clock.
    let before =
        zone.wall(at.checked_sub(DAY)?)?.datetime().checked_add(SignedDuration::from_hours(24)).ok()?;
    let mut wall = zone.wall(at)?.datetime().min(before);
    let mut first: Option<Micros> = None;
    // An expression that no day fits ends the walk with an error.
    while let Ok(next) = cron.find_next_occurrence(&wall, false) {
        wall = next;
        let Some(found) = zone.instant(wall).filter(|found| *found > at) else { continue };
        first = first.into_iter().chain([found]).min();
        // A time that its day lacks comes as much later, and one after it by the wall clock may be the earlier one.
        if zone.wall(found)?.datetime() == wall {
            break;
        }
    }
    first
}
