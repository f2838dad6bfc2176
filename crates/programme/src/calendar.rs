//! Ends of periods as the law counts them, and the calendar of the Republic of China.
//!
//! The first day is not counted, so a period begins on the day after its anchor. Begun on the 1st of a month it ends
//! with the last day of its last month; else on the day before the corresponding day; where the last month has no such
//! day, on that month's last day (Civil Code §§ 120–121). Holidays move nothing: an alarm may come early, never late.

use jiff::civil::Date;

/// Last day of a period of months that is counted from `anchor`; nothing beyond the year 9999.
pub fn period_end(anchor: Date, months: u32) -> Option<Date> {
    let begin = anchor.tomorrow().ok()?;
    let month = i32::from(begin.month()) - 1 + i32::try_from(months).ok()?;
    let year = i16::try_from(i32::from(begin.year()) + month.div_euclid(12)).ok()?;
    let month = i8::try_from(month.rem_euclid(12)).ok()? + 1;
    let first = Date::new(year, month, 1).ok()?;
    if begin.day() == 1 {
        return first.yesterday().ok();
    }
    match Date::new(year, month, begin.day()) {
        Ok(corresponding) => corresponding.yesterday().ok(),
        Err(_) => Some(first.last_of_month()),
    }
}

/// A date as official Chinese texts write it: 民國 115 年 6 月 30 日. Years before 1912 have no such form.
pub fn roc(date: Date) -> Option<String> {
    let year = date.year() - 1911;
    (year > 0).then(|| format!("民國 {year} 年 {} 月 {} 日", date.month(), date.day()))
}
