//! `secdiag demo`: a fictional firm's evidence, diagnosed.

use anyhow::{Context, Result};
use secdiag_model::Lang;

use crate::{Exit, args, diagnose, out};

pub(crate) fn demo(options: &args::Demo) -> Result<Exit> {
    let evidence = options.out.join("evidence");
    std::fs::create_dir_all(&options.out).with_context(|| options.out.display().to_string())?;
    secdiag_demo::generate(options.seed, &evidence)?;
    let run = args::Diagnose {
        paths: vec![evidence],
        out: Some(options.out.join("result")),
        workspace: options.out.join("workspace"),
        as_of: Some(secdiag_demo::AS_OF.parse().context("the demo's date")?),
        intel: Vec::new(),
        run: options.run.clone(),
    };
    let done = diagnose::run(&run)?;
    let Some(result) = &done.result else { return Ok(done.exit) };
    diagnose::show(result, &done.folder, &options.run)?;
    if !options.run.json {
        let lang = options.run.lang.into();
        let heading = match lang {
            Lang::En => "The five worst findings",
            Lang::ZhTw => "最嚴重的五項發現",
        };
        out::print(&format!("\n  {heading}"))?;
        for finding in result.findings.iter().take(5) {
            let title = if lang == Lang::En { &finding.title } else { &finding.zh_tw.title };
            out::print(&format!("  {:<8}  {:<32}  {title}", finding.severity.to_string(), finding.check))?;
        }
    }
    Ok(done.exit)
}
