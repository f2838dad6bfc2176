//! The tracker as a workbook.

use jiff::civil::Date;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError,
};

use super::layout::{Choice, Column, Layout};
use super::{LIMITS, Sheet, TrackerError, TrackerRow};

/// Sheet that the dropdowns take their words from.
const LISTS: &str = "lists";
/// Widths, in characters, of columns without a width of their own.
const WIDTH: f64 = 20.0;

pub(super) fn write(rows: &[TrackerRow], layout: &Layout, made_on: Date) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The date of making is given, not taken from a clock: the same content gives the same bytes.
    let made = excel_date(made_on)?;
    workbook.set_properties(&DocProperties::new().set_author("secdiag").set_creation_datetime(&made));
    let columns = layout.all();
    let last = u32::try_from(rows.len()).unwrap_or(u32::MAX).max(1);
    let sheet = workbook.add_worksheet();
    sheet.set_name(&layout.sheet)?;
    header(sheet, layout, &columns)?;
    let cell = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_border(FormatBorder::Hair);
    let answer = cell.clone().set_background_color(Color::RGB(0x00FF_FBE6));
    let due = answer.clone().set_num_format("yyyy-mm-dd");
    for (number, row) in (1..).zip(rows) {
        for (at, column) in (0..).zip(&columns) {
            let format = if column.is_response() { &answer } else { &cell };
            match (column, row.response.due) {
                (Column::Due, Some(date)) => {
                    sheet.write_datetime_with_format(number, at, excel_date(date)?, &due)?;
                }
                (Column::Due, None) => {
                    sheet.write_blank(number, at, &due)?;
                }
                _ => {
                    sheet.write_string_with_format(number, at, layout.cell(row, *column), format)?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, last, u16::try_from(columns.len()).unwrap_or(1) - 1)?;
    for (at, column) in (0..).zip(&columns) {
        let choices = match column {
            Column::Status => layout.statuses.len(),
            Column::Owner => layout.owners.len(),
            _ => 0,
        };
        let rule = match column {
            Column::Status | Column::Owner if choices > 0 => {
                let letter = if *column == Column::Status { 'A' } else { 'B' };
                let list = DataValidation::new()
                    .allow_list_formula(Formula::new(format!("={LISTS}!${letter}$1:${letter}${choices}")));
                let style = if *column == Column::Status {
                    DataValidationErrorStyle::Stop
                } else {
                    DataValidationErrorStyle::Information
                };
                list.set_error_style(style)
            }
            Column::Due => {
                let from = ExcelDateTime::from_ymd(2000, 1, 1)?;
                DataValidation::new().allow_date(DataValidationRule::GreaterThanOrEqualTo(from))
            }
            _ => continue,
        };
        sheet.add_data_validation(1, at, last, at, &rule)?;
    }
    let lists = workbook.add_worksheet();
    lists.set_name(LISTS)?.set_hidden(true);
    let label = |choice: &Choice| layout.label(&layout.statuses, &choice.code);
    for (number, word) in (0..).zip(layout.statuses.iter().map(label)) {
        lists.write_string(number, 0, word)?;
    }
    for (number, name) in (0..).zip(&layout.owners) {
        lists.write_string(number, 1, name)?;
    }
    workbook.save_to_buffer()
}

fn header(sheet: &mut Worksheet, layout: &Layout, columns: &[Column]) -> Result<(), XlsxError> {
    let fixed = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::VerticalCenter);
    let fixed = fixed.set_background_color(Color::RGB(0x001F_3864)).set_font_color(Color::White);
    let answer = fixed.clone().set_background_color(Color::RGB(0x00BF_8F00));
    for (at, column) in (0..).zip(columns) {
        let format = if column.is_response() { &answer } else { &fixed };
        sheet.write_string_with_format(0, at, layout.header(*column), format)?;
        sheet.set_column_width(at, layout.text_of(*column).map_or(WIDTH, |text| text.width))?;
        if Column::HIDDEN.contains(column) {
            sheet.set_column_hidden(at)?;
        }
    }
    sheet.set_row_height(0, 36)?;
    Ok(())
}

fn excel_date(date: Date) -> Result<ExcelDateTime, XlsxError> {
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    ExcelDateTime::from_ymd(u16::try_from(date.year()).unwrap_or_default(), part(date.month()), part(date.day()))
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, TrackerError> {
    secdiag_sheet::read(bytes, LIMITS).map_err(TrackerError::Unreadable)
}
