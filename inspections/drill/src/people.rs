//! Who has to be drilled and trained, and who was trained.

use jiff::civil::Date;
use secdiag_records::{Notes, fields};
use serde::{Deserialize, Serialize};

use crate::campaign::person;
use crate::exports::{EMAIL, UNIT};
use crate::table::{Table, at};

const ROLE: &[&str] = &["role", "職務", "角色", "人員類別"];
const COURSE: &[&str] = &["course", "course_en", "course_zh", "course_name", "課程", "課程名稱"];
const COMPLETED: &[&str] = &["completed_on", "completed_at", "completion_date", "完成日期", "完訓日期", "結訓日期"];
const HOURS: &[&str] = &["hours", "training_hours", "時數", "訓練時數"];
const RESULT: &[&str] = &["result", "status", "結果", "成績結果"];

/// Words of a result that is none, or none yet.
const NOT_PASSED: &[&str] = &[
    "fail",
    "not passed",
    "absent",
    "incomplete",
    "not completed",
    "in progress",
    "未通過",
    "不及格",
    "不合格",
    "未完成",
    "進行中",
    "缺席",
    "缺課",
];

/// Words in the name of a course for those who fell for a drill.
const REMEDIAL: &[&str] =
    &["remedial", "retrain", "phishing", "social engineering", "補訓", "再訓練", "社交工程", "釣魚"];

/// A user of a computer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Pseudonym.
    pub person: String,
    /// Department.
    pub unit: String,
    /// Whether the role is in information security.
    pub security: bool,
    /// Line.
    pub line: u64,
}

/// A course that somebody completed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Course {
    /// Pseudonym.
    pub person: String,
    /// When.
    pub completed: Date,
    /// Tenths of an hour.
    pub tenths: u64,
    /// Whether it is meant for those who fell for a drill.
    pub remedial: bool,
    /// Line.
    pub line: u64,
}

/// Whether a table's columns are those of a list of users.
pub(crate) fn is_people(columns: &[String]) -> bool {
    [EMAIL, UNIT, ROLE].iter().all(|names| has(columns, names)) && !has(columns, HOURS)
}

/// Whether they are those of training records.
pub(crate) fn is_training(columns: &[String]) -> bool {
    [EMAIL, COMPLETED, HOURS].iter().all(|names| has(columns, names))
}

fn has(columns: &[String], names: &[&str]) -> bool {
    columns.iter().any(|column| names.contains(&column.as_str()))
}

pub(crate) fn members(table: &Table, notes: &mut Notes) -> Vec<Member> {
    let mut members = Vec::new();
    for row in table.rows() {
        let Some(email) = table.get(row, EMAIL).filter(|email| email.contains('@')) else {
            notes.add("record-refused", &at(row.line), "a user without an address");
            continue;
        };
        let role = table.get(row, ROLE).unwrap_or_default().to_lowercase();
        members.push(Member {
            person: person(email),
            unit: table.get(row, UNIT).unwrap_or_default().to_owned(),
            security: ["security", "資安", "資通安全"].iter().any(|word| role.contains(word)),
            line: row.line,
        });
    }
    members
}

pub(crate) fn courses(table: &Table, notes: &mut Notes) -> Vec<Course> {
    let mut courses = Vec::new();
    for row in table.rows() {
        let result = table.get(row, RESULT).unwrap_or_default().to_lowercase();
        if NOT_PASSED.iter().any(|word| result.contains(word)) {
            notes.add(
                "course-failed",
                &at(row.line),
                "a course that was not passed or not completed: it counts for none",
            );
            continue;
        }
        let email = table.get(row, EMAIL).filter(|email| email.contains('@'));
        let completed = table.get(row, COMPLETED).and_then(fields::date);
        let (Some(email), Some(completed)) = (email, completed) else {
            notes.add("record-refused", &at(row.line), "a course without an address or without the day of completion");
            continue;
        };
        let hours = table.get(row, HOURS).unwrap_or_default();
        let Some(tenths) = tenths(hours) else {
            notes.add("not-a-number", &at(row.line), "the hours of a course are no number: it counts for none");
            continue;
        };
        let names =
            COURSE.iter().filter_map(|column| table.get(row, &[column])).collect::<Vec<_>>().join(" ").to_lowercase();
        courses.push(Course {
            person: person(email),
            completed,
            tenths,
            remedial: REMEDIAL.iter().any(|word| names.contains(word)),
            line: row.line,
        });
    }
    courses
}

/// `3`, `1.5`, `2.0` as tenths of an hour.
fn tenths(text: &str) -> Option<u64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let first = part.chars().next()?.to_digit(10)?;
    whole.parse::<u64>().ok()?.checked_mul(10)?.checked_add(u64::from(first)).filter(|tenths| *tenths <= 100_000)
}
