//! Intake: what was given, kept under its digest, recognised by its content, bound to its system.
//!
//! [`intake`] walks folders, single files and archives. Every file is read once: hashed, copied into the [`Vault`],
//! recognised by its first 64 KiB. Archives (zip, tar, gzip, zstd, xz, bzip2, 7z, one in another up to a depth) are
//! opened, and each member is evidence of its own, shown as `archive.zip!/folder/file`. A compressed tar file is one
//! archive: `logs.tar.gz!/var/log/messages`. Nothing is ever written under a name that the evidence chose.
//!
//! Broken evidence is never an error: it is an artefact with [`Recognition::Broken`], and a note says what happened
//! where. An [`IntakeError`] is trouble of the machine, of the arguments or of `assessment.toml`.
//!
//! # What is not followed, opened or trusted
//! * Symbolic links: what they point to inside the folder is found by itself, what is outside was not given.
//! * Pipes, sockets, devices.
//! * Sizes that an archive declares: what comes out is counted, and [`Options`] caps it.
//! * Members with a password: no password is asked for or guessed.
//! * Documents and programs that happen to be zip files (Office, Java, Android): they are one piece of evidence.
//!
//! # `assessment.toml`
//! A file of this name directly in a folder (or archive) given to the run describes the assessment. Everything in it
//! is optional; a word that is not known is an error, so that a slip of the pen is not a silent loss.
//!
//! ```toml
//! firm = "Formosa Securities"
//! assessment = "2026 annual diagnostic"
//! regime = "securities"                      # which item sets; the command line wins
//! thresholds = "gcb-win11"                   # which threshold set; the command line wins
//! intel = ["intel/*.txt"]                    # indicator lists among the evidence
//!
//! [[system]]
//! id = "trading"
//! name = "Order system"
//! category = 1                               # 1, 2 or 3
//! population = { LOCPOL = 120 }              # how many there are, by kind of evidence, for sampling
//!
//! [[evidence]]
//! path = "fw/**"                             # * ? within a name, ** across folders; archives with their members
//! systems = ["trading"]
//! asset = "fw-dmz-1"
//! capture_point = "core switch, mirror of VLAN 20"
//! collected_by = "C. Wang, console export"
//! collected_at = "2026-10-03T09:00:00+08:00"
//! covers = ["2026-10-01T00:00:00+08:00", "2026-10-02T00:00:00+08:00"]
//! kind = "FWCFG"                             # what it is, where its content does not tell
//! format = "fortios"                         # read it as this, whatever its content looks like
//!
//! [[attestation]]
//! item = "SEC-1.1"
//! id = "diagram-current"
//! system = "trading"
//! statement = "The diagram was checked against the installation."
//! by = "M. Chen"
//! role = "Head of information security"
//! date = 2026-10-05
//!
//! [[not_applicable]]
//! item = "SEC-9.1"
//! reason = "The firm offers no mobile application."
//! by = "M. Chen"
//! date = 2026-10-05
//! ```
//!
//! Where several `[[evidence]]` entries fit one file, its systems are those of all of them, and of other values the
//! last one given counts. A pattern that fits an archive fits its members. Evidence that no entry gives a system
//! belongs to the only system declared, or else to the unnamed one.

mod archive;
mod assessment;
mod known;
mod names;
mod recognise;
mod take;
mod vault;
mod walk;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use secdiag_model::evidence::{Declare, Declared, Redact};
use secdiag_model::{Artefact, EvidenceSet, Format, Note};

pub use assessment::{
    Assessment, Attestation, EvidenceRule, NotApplicable, file_name as assessment_file_name,
    schema as assessment_schema,
};
pub use vault::Vault;

use take::{Shared, Taking};

/// Caps and choices of an intake.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files taken in at once; the result does not depend on it.
    pub threads: usize,
    /// Folders to leave out, such as a workspace that lies inside the evidence. The vault always is.
    pub exclude: Vec<PathBuf>,
    /// How many archives deep a member may lie.
    pub max_depth: usize,
    /// Members of one given file, all archives in it together.
    pub max_members: u64,
    /// Bytes of one member.
    pub max_member_bytes: u64,
    /// Bytes that one given file may expand to, all archives in it together.
    pub max_total_bytes: u64,
    /// Expanded bytes for each byte of an archive, once it expands to more than [`Options::ratio_floor`].
    pub max_ratio: u64,
    /// Expanded bytes below which the ratio does not matter: short logs of one repeated line compress well.
    pub ratio_floor: u64,
    /// By format id: how a file is rewritten before it is kept.
    pub redactions: &'static [(&'static str, Redact)],
    /// Reads what files in the given folders say of others; archives are not opened for it.
    pub declares: Option<Declare>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, Into::into),
            exclude: Vec::new(),
            max_depth: 5,
            max_members: 100_000,
            max_member_bytes: 8 << 30,
            max_total_bytes: 64 << 30,
            max_ratio: 200,
            ratio_floor: 64 << 20,
            redactions: &[],
            declares: None,
        }
    }
}

/// Largest file that is asked what it says of others.
const MAX_DECLARATION: u64 = 1 << 20;

/// Who wants to know how far the intake is, and may end it.
pub trait Progress: Sync {
    /// What there is to do.
    fn started(&self, _total_files: u64, _total_bytes: u64) {}
    /// Bytes of the given files read since the last call.
    fn advanced(&self, _bytes: u64) {}
    /// Whether to stop.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody wants to know.
impl Progress for () {}

/// What was taken in.
#[derive(Debug)]
pub struct Intake {
    /// Every file and member.
    pub evidence: EvidenceSet,
    /// What `assessment.toml` says; [`Assessment::bound`] is false without one.
    pub assessment: Assessment,
    /// What a reader must know of the evidence, sorted.
    pub notes: Vec<Note>,
    /// Bytes of the files given, archives unopened.
    pub bytes: u64,
    /// Files given, archives unopened.
    pub files: u64,
}

/// Why there is no intake.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// A given path cannot be opened: a mistake in the arguments.
    #[error("{}: {source}: give a file or folder that exists", path.display())]
    NotFound {
        /// As given.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// `assessment.toml` cannot be understood.
    #[error("{path}:{line}:{column}: {message}")]
    Assessment {
        /// Path as shown.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Character in the line, from 1.
        column: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// More than one description.
    #[error("both {first} and {second} describe the assessment: keep one of them")]
    TwoAssessments {
        /// Path as shown.
        first: String,
        /// Path as shown.
        second: String,
    },
    /// The vault cannot be written: disk full, no permission.
    #[error("the vault {} cannot be used: {source}", path.display())]
    Vault {
        /// Folder of the vault.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The user cancelled. What is in the vault stays there, so that the next intake is faster.
    #[error("cancelled")]
    Cancelled,
}

/// Takes in all files at these paths, recognising `formats`. The result depends on the files' names and contents and
/// on the caps, never on threads or clocks.
pub fn intake(
    paths: &[PathBuf],
    formats: &[&'static Format],
    vault: &Vault,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Intake, IntakeError> {
    let (roots, mut notes) = walk::roots(paths)?;
    let descriptions = assessment::check_early(&roots)?;
    let exclude: Vec<_> = options
        .exclude
        .iter()
        .map(PathBuf::as_path)
        .chain([vault.root()])
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let mut files = Vec::new();
    for root in &roots {
        let (found, walk_notes) = walk::files(root, &exclude);
        files.extend(found);
        notes.extend(walk_notes);
    }
    progress.started(files.len() as u64, files.iter().map(|file| file.size).sum());

    let declared = declared(&files, options);
    let shared = Shared { vault, formats, options, progress, declared, descriptions };
    let taken = take_all(&shared, &files)?;
    let bytes = taken.iter().map(|taken| taken.bytes).sum();
    let mut artefacts = Vec::new();
    for mut taken in taken {
        artefacts.append(&mut taken.artefacts);
        notes.append(&mut taken.notes);
    }
    let mut evidence = EvidenceSet::new(artefacts);
    let assessment = assessment::find(&roots, &evidence, vault)?;
    assessment.bind(&mut evidence, formats, &mut notes);
    notes.sort();
    Ok(Intake { evidence, assessment, notes, bytes, files: files.len() as u64 })
}

/// What files say of others, by the order of their paths.
fn declared(files: &[walk::Found], options: &Options) -> Vec<Declared> {
    let Some(declares) = options.declares else { return Vec::new() };
    let may_say = |file: &&walk::Found| {
        file.size <= MAX_DECLARATION && [".toml", ".yaml", ".yml"].iter().any(|ending| file.path.ends_with(ending))
    };
    let mut saying: Vec<&walk::Found> = files.iter().filter(may_say).collect();
    saying.sort_by_key(|file| &file.path);
    // One that cannot be read here cannot be taken in either, and is noted then.
    let texts = saying.iter().filter_map(|file| std::fs::read_to_string(&file.disk).ok());
    texts.flat_map(|text| declares(&text)).collect()
}

/// What came of one given file.
struct Taken {
    artefacts: Vec<Artefact>,
    notes: Vec<Note>,
    bytes: u64,
}

/// Takes in the files on several threads, the largest first, and gives the results in the files' order.
fn take_all(shared: &Shared<'_>, files: &[walk::Found]) -> Result<Vec<Taken>, IntakeError> {
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(files[*index].size));
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let work = || {
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let taken = Taking::file(shared, &files[*index]);
            stop.fetch_or(taken.is_err(), Ordering::Relaxed);
            done.push((*index, taken));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..shared.options.threads.clamp(1, files.len().max(1))).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect::<Vec<_>>()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, taken)| taken).collect()
}
