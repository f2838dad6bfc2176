//! The closing block as a reader sees it.

mod support;

use secdiag_model::Lang;
use secdiag_report::terminal_summary;
use unicode_width::UnicodeWidthStr;

#[test]
fn closing_block() {
    insta::assert_snapshot!("en", terminal_summary(&support::three_systems(), Lang::En, 110, false));
    insta::assert_snapshot!("zh_tw", terminal_summary(&support::one_system(), Lang::ZhTw, 110, false));
    insta::assert_snapshot!("narrow", terminal_summary(&support::one_system(), Lang::En, 64, false));
    assert_eq!(terminal_summary(&support::empty(), Lang::En, 110, false), "");
}

#[test]
fn lines_fit_and_nothing_drives_the_terminal() {
    for result in [support::hostile(), support::three_systems(), support::many(500, 10)] {
        for lang in [Lang::En, Lang::ZhTw] {
            for width in [0, 64, 80, 110, 4000] {
                let block = terminal_summary(&result, lang, width, false);
                assert!(!block.chars().any(|c| c.is_control() && c != '\n'));
                for line in block.lines() {
                    assert!(line.width() <= width.clamp(64, 160), "{} columns: {line}", line.width());
                }
            }
            let colour = terminal_summary(&result, lang, 110, true);
            let plain: String = colour
                .split("\u{1b}[")
                .enumerate()
                .map(|(at, part)| if at == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) })
                .collect();
            assert_eq!(plain, terminal_summary(&result, lang, 110, false), "colour adds colour only");
        }
    }
}
