//! The tracker there and back, as firms treat it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use secdiag_interop::tracker::{
    Choice, Column, ColumnText, Layout, Reading, Response, TrackerError, TrackerRow, read_csv, read_xlsx, write_csv,
    write_xlsx,
};
use secdiag_model::{Bilingual, Lang, Severity};

const MADE: Date = date(2026, 6, 30);

fn both(en: &str, zh_tw: &str) -> Bilingual {
    Bilingual { en: en.into(), zh_tw: zh_tw.into() }
}

fn layout() -> Layout {
    let column = |column, en: &str, zh: &str| ColumnText { column, title: both(en, zh), width: 18.0 };
    let choice = |code: &str, en: &str, zh: &str| Choice { code: code.into(), label: both(en, zh) };
    Layout {
        sheet: "追蹤表 Tracker".into(),
        lang: Lang::ZhTw,
        columns: vec![
            column(Column::Severity, "Severity", "風險等級"),
            column(Column::Title, "Finding", "發現事項"),
            column(Column::System, "System", "資訊系統"),
            column(Column::Asset, "Asset", "設備"),
            column(Column::Place, "Evidence", "佐證位置"),
            column(Column::FirstSeen, "First seen", "首次發現"),
            column(Column::Owner, "Owner", "負責人"),
            column(Column::Plan, "Plan", "改善措施"),
            column(Column::Due, "Due", "預定完成日"),
            column(Column::Status, "Status", "狀態"),
            column(Column::Comment, "Comment", "備註"),
        ],
        statuses: vec![
            choice("open", "Open", "未處理"),
            choice("in_progress", "In progress", "改善中"),
            choice("done", "Done", "已完成"),
        ],
        severities: vec![choice("high", "High", "高"), choice("low", "Low", "低")],
        owners: vec!["王小明".into(), "Chen".into()],
    }
}

fn row(n: usize) -> TrackerRow {
    TrackerRow {
        id: format!("{n:032x}"),
        severity: if n.is_multiple_of(2) { Severity::High } else { Severity::Low },
        title: format!("=Rule {n} 允許任何來源"),
        system: "下單系統".into(),
        asset: format!("fw-{n}"),
        check: "firewall/permit-any-any".into(),
        place: format!("fw.conf line {n}\nsecond line"),
        advice: String::new(),
        first_seen: "2026-01-05".into(),
        response: if n == 1 {
            Response {
                owner: "Chen".into(),
                due: Some(date(2026, 9, 30)),
                status: "open".into(),
                ..Response::default()
            }
        } else {
            Response::default()
        },
    }
}

fn rows() -> Vec<TrackerRow> {
    (0..5).map(row).collect()
}

type Grid = Vec<Vec<Data>>;

/// Opens our workbook as a person would, changes it and saves it with another program.
fn edited(bytes: &[u8], edit: impl FnOnce(&mut Grid)) -> Vec<u8> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range(&book.sheet_names()[0]).unwrap();
    let mut grid: Grid = range.rows().map(<[Data]>::to_vec).collect();
    edit(&mut grid);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let as_date = Format::new().set_num_format("yyyy/m/d");
    for (r, cells) in (0..).zip(grid) {
        for (c, cell) in (0..).zip(cells) {
            match cell {
                Data::String(text) => drop(sheet.write_string(r, c, text).unwrap()),
                Data::Float(number) => drop(sheet.write_number(r, c, number).unwrap()),
                Data::DateTime(at) => {
                    let (year, month, day, ..) = at.to_ymd_hms_milli();
                    let at = ExcelDateTime::from_ymd(year, month, day).unwrap();
                    sheet.write_datetime_with_format(r, c, at, &as_date).unwrap();
                }
                _ => {}
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// Column of our layout.
fn at(column: Column) -> usize {
    let hidden = Column::HIDDEN.iter().position(|hidden| *hidden == column);
    hidden.unwrap_or_else(|| 3 + layout().columns.iter().position(|text| text.column == column).unwrap())
}

fn text(value: &str) -> Data {
    Data::String(value.into())
}

fn read(edit: impl FnOnce(&mut Grid)) -> Reading {
    let bytes = write_xlsx(&rows(), &layout(), MADE).unwrap();
    read_xlsx(&edited(&bytes, edit), &rows(), &layout()).unwrap()
}

#[test]
fn untouched_files_say_nothing_new() {
    let bytes = write_xlsx(&rows(), &layout(), MADE).unwrap();
    assert_eq!(bytes, write_xlsx(&rows(), &layout(), MADE).unwrap(), "same content, same bytes");
    let expected = Reading { unchanged: 5, ..Reading::default() };
    assert_eq!(read_xlsx(&bytes, &rows(), &layout()).unwrap(), expected);
    assert_eq!(read(|_| {}), expected, "saved by another program");
    let csv = write_csv(&rows(), &layout());
    assert_eq!(read_csv(&csv, &rows(), &layout()).unwrap(), expected);
    assert!(String::from_utf8_lossy(&csv).contains(",'=Rule 0"), "no formula: {}", String::from_utf8_lossy(&csv));
    let english = Layout { lang: Lang::En, ..layout() };
    assert_eq!(read_xlsx(&bytes, &rows(), &english).unwrap(), expected, "read under the other language");
}

#[test]
fn answers_come_back_and_nothing_else() {
    let reading = read(|grid| {
        grid[3][at(Column::Owner)] = text(" 王小明 ");
        grid[3][at(Column::Plan)] = text("收斂規則\r\n並複測");
        grid[3][at(Column::Due)] = text("115/12/31");
        grid[3][at(Column::Status)] = text("改善中 In progress");
        grid[2][at(Column::Status)] = text("done");
    });
    assert_eq!((reading.unchanged, &*reading.refused), (3, &[][..]));
    let [first, second] = &*reading.changes else { panic!("{reading:?}") };
    assert_eq!((first.id.as_str(), first.row), (&*rows()[1].id, 3));
    assert_eq!(first.before, rows()[1].response);
    assert_eq!(first.after, Response { status: "done".into(), ..rows()[1].response.clone() });
    assert_eq!(
        second.after,
        Response {
            owner: "王小明".into(),
            plan: "收斂規則\n並複測".into(),
            due: Some(date(2026, 12, 31)),
            status: "in_progress".into(),
            comment: String::new(),
        }
    );
}

#[test]
fn rows_sorted_deleted_and_added_are_told() {
    let reading = read(|grid| {
        grid[1][at(Column::Comment)] = text("sorted away");
        grid.swap(1, 5);
        grid.remove(2);
        let mut added = vec![Data::Empty; grid[0].len()];
        added[at(Column::Title)] = text("our own finding");
        grid.push(added);
        grid.push(vec![Data::Empty; 3]);
    });
    assert!(reading.reordered);
    assert_eq!(reading.inserted, [6]);
    assert_eq!(reading.missing, [rows()[1].id.clone()]);
    assert_eq!(reading.changes.len(), 1);
    assert_eq!((&reading.changes[0].id, reading.changes[0].row), (&rows()[0].id, 5));
    assert!(reading.refused.is_empty(), "{reading:?}");
}

#[test]
fn columns_moved_and_a_title_above_do_no_harm() {
    let reading = read(|grid| {
        for row in grid.iter_mut() {
            row.swap(at(Column::Id), at(Column::Comment));
            row.swap(at(Column::Title), at(Column::Owner));
        }
        grid.insert(0, vec![text("某某證券 2026 年度")]);
    });
    assert_eq!(reading, Reading { unchanged: 5, ..Reading::default() });
}

/// The one refusal of a reading as `column row what`, with its reason.
fn refusal(edit: impl FnOnce(&mut Grid)) -> (String, String) {
    let reading = read(edit);
    let [cell] = &*reading.refused else { panic!("{reading:?}") };
    assert!(reading.changes.is_empty());
    assert_eq!(cell.sheet, "Sheet1");
    (format!("{}{} {:?}", cell.column, cell.row, cell.what), cell.reason.clone())
}

#[test]
fn what_cannot_be_trusted_is_refused_with_its_place() {
    let (place, reason) = refusal(|grid| grid[2][at(Column::Title)] = text("something milder"));
    assert_eq!(place, "E3 Title");
    assert!(reason.contains("overwritten"), "{reason}");
    let (place, _) = refusal(|grid| grid[2][at(Column::Digest)] = text("0"));
    assert_eq!(place, "B3 Digest");
    let (place, _) = refusal(|grid| grid[2][at(Column::Base)] = text("0"));
    assert_eq!(place, "B3 Digest");
    let (place, reason) = refusal(|grid| grid[2][at(Column::Id)] = text("ffff"));
    assert_eq!(place, "A3 Id");
    assert!(reason.contains("no finding"), "{reason}");
    let (place, reason) = refusal(|grid| grid[2][at(Column::Due)] = text("31/3/2026"));
    assert_eq!(place, "L3 Due");
    assert!(reason.contains("`31/3/2026` is not a date"), "{reason}");
    let (place, _) = refusal(|grid| grid[2][at(Column::Due)] = Data::Float(46112.0));
    assert_eq!(place, "L3 Due", "a bare number is not a date");
    let (place, reason) = refusal(|grid| grid[2][at(Column::Status)] = text("maybe"));
    assert_eq!(place, "M3 Status");
    assert!(reason.contains("改善中 In progress"), "{reason}");
}

#[test]
fn only_some_columns_sorted_or_rows_copied_are_refused() {
    let reading = read(|grid| {
        let first = grid[1][at(Column::Id)].clone();
        grid[1][at(Column::Id)] = std::mem::replace(&mut grid[2][at(Column::Id)], first);
    });
    assert_eq!(reading.refused.len(), 2, "{reading:?}");
    let reading = read(|grid| {
        let copy = grid[1].clone();
        grid.push(copy);
        grid[1][at(Column::Owner)] = text("A");
    });
    assert_eq!(reading.refused.iter().map(|cell| cell.row).collect::<Vec<_>>(), [2, 7]);
    assert!(reading.changes.is_empty());
}

#[test]
fn an_answer_given_elsewhere_meanwhile_is_not_overwritten() {
    let bytes = write_xlsx(&rows(), &layout(), MADE).unwrap();
    let answered = edited(&bytes, |grid| grid[1][at(Column::Owner)] = text("A"));
    let mut now = rows();
    now[0].response.owner = "B".into();
    let reading = read_xlsx(&answered, &now, &layout()).unwrap();
    assert!(reading.changes.is_empty());
    assert!(reading.refused[0].reason.contains("elsewhere"), "{reading:?}");
    now[0].response.owner = "A".into();
    assert_eq!(read_xlsx(&answered, &now, &layout()).unwrap().unchanged, 5, "the same answer twice");
}

#[test]
fn what_is_no_tracker_says_so() {
    assert!(matches!(read_xlsx(b"PK", &rows(), &layout()), Err(TrackerError::Unreadable(_))));
    let bytes = write_xlsx(&rows(), &layout(), MADE).unwrap();
    let without = edited(&bytes, |grid| grid[0][at(Column::Status)] = text("x"));
    let error = read_xlsx(&without, &rows(), &layout()).unwrap_err().to_string();
    assert_eq!(error, "no sheet has the tracker's columns; missing: 狀態 Status");
    assert!(read_csv(b"a,b\n1,2\n", &rows(), &layout()).is_err());
}

#[test]
fn a_csv_answered_in_a_spreadsheet_program_comes_back() {
    let csv = String::from_utf8(write_csv(&rows(), &layout())).unwrap();
    // Another separator, other dates, other line ends: what programs do on saving.
    let mut lines =
        csv::ReaderBuilder::new().has_headers(false).from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    for (n, record) in lines.records().map(Result::unwrap).enumerate() {
        let cells = record.iter().enumerate().map(|(c, cell)| match cell {
            "2026-01-05" => "2026/1/5".to_owned(),
            _ if n == 4 && c == at(Column::Due) => "2026/12/31".to_owned(),
            _ => cell.to_owned(),
        });
        out.write_record(cells).unwrap();
    }
    let reading = read_csv(&out.into_inner().unwrap(), &rows(), &layout()).unwrap();
    assert_eq!(reading.unchanged, 4, "{reading:?}");
    assert_eq!(reading.changes[0].after.due, Some(date(2026, 12, 31)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_answered_comes_back_exactly(
        answers in proptest::collection::vec(
            proptest::option::of(("[^\\p{C}\\p{Z}]{0,12}", "[a-z =+'\u{4e00}-\u{4e20}-]{0,12}", proptest::option::of(0..5000_i32), 0..3_usize)),
            1..8,
        ),
        as_csv in any::<bool>(),
    ) {
        let known: Vec<_> = (0..answers.len()).map(row).collect();
        let codes = ["open", "in_progress", "done"];
        let mut answered = known.clone();
        for (row, answer) in answered.iter_mut().zip(&answers) {
            if let Some((owner, plan, days, status)) = answer {
                row.response = Response {
                    owner: owner.trim().into(),
                    plan: plan.trim().into(),
                    due: days.map(|days| MADE.checked_add(jiff::Span::new().days(days)).unwrap()),
                    status: codes[*status].into(),
                    comment: String::new(),
                };
            }
        }
        // A file made of the old answers, then filled in: id, base and digest of the old one, cells of the new one.
        let reading = if as_csv {
            let (old, new) = (write_csv(&known, &layout()), write_csv(&answered, &layout()));
            let parse = |bytes: &[u8]| -> Vec<Vec<String>> {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[3..]);
                reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
            };
            let mut out = csv::Writer::from_writer(Vec::new());
            for (old, new) in parse(&old).into_iter().zip(parse(&new)) {
                out.write_record(old[..3].iter().chain(&new[3..])).unwrap();
            }
            read_csv(&out.into_inner().unwrap(), &known, &layout()).unwrap()
        } else {
            let old = write_xlsx(&known, &layout(), MADE).unwrap();
            let mut hidden = Vec::new();
            edited(&old, |grid| hidden = grid.iter().map(|row| row[..3].to_vec()).collect());
            let new = write_xlsx(&answered, &layout(), MADE).unwrap();
            let filled = edited(&new, |grid| grid.iter_mut().zip(hidden).for_each(|(row, old)| row[..3].clone_from_slice(&old)));
            read_xlsx(&filled, &known, &layout()).unwrap()
        };
        let expected: Vec<_> = known.iter().zip(&answered).filter(|(old, new)| old.response != new.response).collect();
        prop_assert_eq!(&reading.refused, &vec![]);
        prop_assert_eq!(reading.changes.len(), expected.len());
        for (change, (old, new)) in reading.changes.iter().zip(expected) {
            prop_assert_eq!(&change.id, &old.id);
            prop_assert_eq!(&change.after, &new.response);
        }
    }

    #[test]
    fn any_text_of_a_finding_is_its_own_again(titles in proptest::collection::vec("(\\PC|[\t\r\n\u{1}\u{b}_x0041_'=]){0,20}", 1..4)) {
        let known: Vec<_> = titles.into_iter().enumerate().map(|(n, title)| TrackerRow { title, ..row(n) }).collect();
        let expected = Reading { unchanged: known.len() as u64, ..Reading::default() };
        let book = write_xlsx(&known, &layout(), MADE).unwrap();
        prop_assert_eq!(&read_xlsx(&book, &known, &layout()).unwrap(), &expected);
        prop_assert_eq!(&read_csv(&write_csv(&known, &layout()), &known, &layout()).unwrap(), &expected);
    }

    #[test]
    fn damaged_workbooks_are_survived(at in 0..8000_usize, byte in any::<u8>(), cut in proptest::option::of(0..8000_usize)) {
        let mut bytes = write_xlsx(&rows(), &layout(), MADE).unwrap();
        let n = bytes.len();
        bytes[at % n] = byte;
        bytes.truncate(cut.unwrap_or(n));
        drop(read_xlsx(&bytes, &rows(), &layout()));
        drop(read_csv(&bytes, &rows(), &layout()));
    }
}
