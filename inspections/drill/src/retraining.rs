//! Who clicked and was trained again in time: one rule for the check, the command and the report.

use std::collections::BTreeMap;

use jiff::civil::Date;
use secdiag_catalogue::Allowed;

use crate::people::Course;

/// What became of a person who clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retrained {
    /// Completed a course for it by the last day.
    InTime,
    /// Completed one later.
    Late(Date),
    /// Has not, and the time is over.
    Missing,
    /// Has not, and there is time.
    Waiting,
}

impl Retrained {
    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InTime => "in_time",
            Self::Late(_) => "late",
            Self::Missing => "missing",
            Self::Waiting => "waiting",
        }
    }
}

/// Days of courses for those who fell for a drill, by person, as far as they are known on a day.
pub(crate) struct Trained<'a>(BTreeMap<&'a str, Vec<Date>>);

impl<'a> Trained<'a> {
    pub(crate) fn of(courses: impl Iterator<Item = &'a Course>, as_of: Date) -> Self {
        let mut trained: BTreeMap<&str, Vec<Date>> = BTreeMap::new();
        for course in courses.filter(|course| course.remedial && course.completed <= as_of) {
            trained.entry(&course.person).or_default().push(course.completed);
        }
        Self(trained)
    }

    /// What became of a person who clicked at a drill. A course before the drill was for another one.
    pub(crate) fn became(&self, person: &str, launched: Date, limit: Allowed, as_of: Date) -> Retrained {
        let due = limit.until(launched);
        let first = self.0.get(person).and_then(|days| days.iter().filter(|day| **day >= launched).min());
        match first {
            Some(day) if *day <= due => Retrained::InTime,
            Some(day) => Retrained::Late(*day),
            None if as_of <= due => Retrained::Waiting,
            None => Retrained::Missing,
        }
    }
}
