//! Progress on a terminal as bars with rate and time left, otherwise one plain line per phase; and Ctrl-C.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use secdiag_engine::Phase;

static CANCELLED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C asks the run to stop; a second one ends the process at once.
pub(crate) fn watch_ctrl_c() {
    // Fails only when a handler is set already, as in a second diagnostic of one process.
    let _ = ctrlc::set_handler(|| {
        if CANCELLED.swap(true, Ordering::SeqCst) {
            crate::out::error("stopped");
            std::process::abort();
        }
        crate::out::error("stopping: what was parsed is kept, run the same command again to continue");
    });
}

/// Shows one phase at a time.
pub(crate) struct Progress {
    quiet: bool,
    terminal: bool,
    state: Mutex<Option<Shown>>,
    bytes: AtomicU64,
}

struct Shown {
    name: &'static str,
    units: u64,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, terminal: std::io::stderr().is_terminal(), state: Mutex::new(None), bytes: AtomicU64::new(0) }
    }

    /// Ends the phase before and begins the next.
    pub(crate) fn begin(&self, name: &'static str, units: u64, bytes: u64) {
        self.end();
        self.bytes.store(0, Ordering::Relaxed);
        let bar = (self.terminal && !self.quiet).then(|| bar(name, bytes));
        if let Ok(mut state) = self.state.lock() {
            *state = Some(Shown { name, units, started: Instant::now(), bar });
        }
    }

    /// Ends the phase, if there is one.
    pub(crate) fn end(&self) {
        let Some(shown) = self.state.lock().ok().and_then(|mut state| state.take()) else { return };
        if let Some(bar) = &shown.bar {
            bar.finish_and_clear();
        }
        if !self.quiet {
            let (bytes, time) = (self.bytes.load(Ordering::Relaxed), shown.started.elapsed());
            crate::out::error(&format!("  {:<8} {:>8} {:>12}   {}", shown.name, shown.units, size(bytes), clock(time)));
        }
    }

    fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.terminal
            && let Ok(state) = self.state.lock()
            && let Some(bar) = state.as_ref().and_then(|shown| shown.bar.as_ref())
        {
            bar.inc(bytes);
        }
    }

    fn name(&self, unit: &str) {
        if self.terminal
            && let Ok(state) = self.state.lock()
            && let Some(bar) = state.as_ref().and_then(|shown| shown.bar.as_ref())
        {
            bar.set_message(unit.to_owned());
        }
    }
}

impl secdiag_engine::Progress for Progress {
    fn phase(&self, phase: Phase, units: u64, bytes: u64) {
        let name = match phase {
            Phase::Parse => "parse",
            Phase::Judge => "judge",
        };
        self.begin(name, units, bytes);
    }
    fn advanced(&self, bytes: u64) {
        self.add(bytes);
    }
    fn finished(&self, name: &str) {
        self.name(name);
    }
    fn cancelled(&self) -> bool {
        CANCELLED.load(Ordering::Relaxed)
    }
}

impl secdiag_evidence::Progress for Progress {
    fn started(&self, files: u64, bytes: u64) {
        self.begin("intake", files, bytes);
    }
    fn advanced(&self, bytes: u64) {
        self.add(bytes);
    }
    fn cancelled(&self) -> bool {
        CANCELLED.load(Ordering::Relaxed)
    }
}

fn bar(name: &'static str, bytes: u64) -> ProgressBar {
    let template = if bytes > 0 {
        "  {prefix:<8} {bar:20} {percent:>3} %  {bytes_per_sec:>12}  {wide_msg}  {eta} left"
    } else {
        "  {prefix:<8} {spinner}  {wide_msg}  {elapsed}"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar =
        ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr()).with_style(style).with_prefix(name);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Bytes for readers: `38.2 GB`, in powers of 1000.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
