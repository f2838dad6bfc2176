//! Every word of the report that does not come from the run or the catalogue, in both languages.

use secdiag_model::result::FindingStatus;
use secdiag_model::{CheckState, EvidenceKind, Lang, NoteKind, Outcome, Severity};

/// Declares the table once, so that neither language can lack a text.
macro_rules! labels {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// Texts of one language. `{name}` marks what [`fill`] replaces.
        pub(crate) struct Labels { $(pub(crate) $name: &'static str,)+ }

        static EN: Labels = Labels { $($name: $en,)+ };
        static ZH_TW: Labels = Labels { $($name: $zh,)+ };

        #[cfg(test)]
        pub(crate) static ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $zh),)+];
    };
}

labels! {
    title: "Information security diagnostic", "資安健診報告";
    contents: "Contents", "目錄";
    skip: "Skip to the report", "跳至報告內容";
    firm_unnamed: "Firm not named", "未載明受評單位";
    assessment: "Assessment", "評估作業";
    assessment_unnamed: "not named", "未載明";
    as_of: "As of", "基準日";
    regime: "Regime", "適用規範";
    run_id: "Run", "執行識別碼";
    engine: "Engine", "檢測引擎";
    page_of: "page", "頁";
    not_declared: "not declared", "未申報";

    // Management summary.
    summary: "Management summary", "管理摘要";
    verdict_deficient: "{fail} of {decided} decided items are deficient.", "已判定的 {decided} 個項目中，有 {fail} 個不符合。";
    verdict_one_deficient: "1 of {decided} decided items is deficient.", "已判定的 {decided} 個項目中，有 1 個不符合。";
    verdict_only_item_deficient: "The only decided item is deficient.", "唯一得以判定的項目不符合。";
    verdict_no_deficient: "None of the {decided} decided items is deficient.", "已判定的 {decided} 個項目均無不符合。";
    verdict_only_item_not_deficient: "The only decided item is not deficient.", "唯一得以判定的項目並無不符合。";
    verdict_nothing_decided: "No item could be decided.", "沒有任何項目得以判定。";
    verdict_no_items: "The run holds no items.", "本次執行未含任何檢測項目。";
    verdict_undecided: "{n} could not be decided:", "另有 {n} 個無法判定：";
    verdict_insufficient: "{n} for want of evidence", "{n} 個佐證不足";
    verdict_not_tested: "{n} because a check is missing", "{n} 個尚無檢核點";
    verdict_error: "{n} because an inspection failed", "{n} 個因檢測異常未能查核";
    verdict_not_a_pass: "What is not decided is not a pass.", "未判定不等於通過。";
    verdict_per_system: "Items are counted once for each of {n} systems.", "各項目依 {n} 個系統分別計數。";
    worst: "Worst", "最嚴重者";
    worst_more: "and {n} more findings of {severity} severity", "另有 {n} 項{severity}風險缺失";
    worst_more_one: "and 1 more finding of {severity} severity", "另有 1 項{severity}風險缺失";
    warn_crashed: "An inspection failed on this evidence. The items it serves are shown as errors and say nothing about the firm.", "檢測程式處理本次佐證時發生異常。受影響的項目列為「未查到」，不代表受評單位之資安狀況。";
    warn_unbound: "The evidence was not bound to systems by an assessment file. Everything is shown under one unnamed system, so system categories and sampling ratios could not be judged.", "本次佐證未以評估設定檔歸屬至各系統，全部列於單一未具名系統之下，故無法判斷系統類別與抽測比例。";
    warn_broken: "{n} files could not be read, or not to their end. They count as missing evidence.", "有 {n} 個檔案無法讀取或未能讀完，視同缺少佐證。";
    warn_broken_one: "1 file could not be read, or not to its end. It counts as missing evidence.", "有 1 個檔案無法讀取或未能讀完，視同缺少佐證。";
    severity_tiles: "Findings by severity", "各嚴重程度之缺失數";
    finding_count_new: "{n} new", "新增 {n}";
    finding_count_persisting: "{n} persisting", "持續 {n}";
    finding_count_returned: "{n} returned", "再現 {n}";
    finding_count_resolved: "{n} resolved", "已改善 {n}";
    tile_none: "no findings", "無缺失";
    distribution: "Outcome of the items", "項目結果分布";
    distribution_caption: "{decided} of {all} decided", "{all} 個中已判定 {decided} 個";
    first: "What to do first", "優先處理事項";
    first_none: "No finding asks for action. See section 4 for what was not tested.", "目前沒有需要處理的缺失。未檢測的部分請見第 4 節。";
    first_more: "and {n} more of this kind", "及同類之其餘 {n} 項";
    first_more_one: "and 1 more of this kind", "及同類之其餘 1 項";
    supply: "To decide the rest, supply", "為判定其餘項目，請補充";
    supply_items: "{n} items", "{n} 個項目";
    supply_items_one: "1 item", "1 個項目";

    // Section titles.
    items: "Items", "檢測項目";
    items_intro: "Each item is decided by its checks and by whether there is enough evidence. Score: weight of passed checks over weight of decided checks. Coverage: weight of decided checks over weight of all checks.", "各項目依其檢核點結果及佐證是否充足判定。評分為通過檢核點權重占已判定檢核點權重之比；檢測涵蓋率為已判定檢核點權重占全部檢核點權重之比。";
    findings: "Findings and improvements", "缺失與改善建議";
    findings_none: "No findings. That is worth what was looked at: see the outcome and coverage of each item and section 4.", "沒有缺失。此結果僅及於已檢視的範圍，請一併參閱各項目結果、涵蓋率及第 4 節。";
    untested: "Not tested, and why", "未檢測項目及原因";
    untested_intro: "These items have no verdict. None of them counts as a pass.", "下列項目未有判定結果，均不視為通過。";
    untested_none: "Every item was decided.", "所有項目均已判定。";
    follow_up: "Follow-up over the years", "歷年追蹤";
    follow_up_intro: "What the workspace knows at the end of the day of this run: dates, open findings of all runs, time limits. A finding is gone only when a later run looked again, or a named person other than its owner did, with evidence.", "截至本次基準日止，工作區所載之期限、歷次健診未結案缺失與改善期限。缺失須經後續健診重新檢視，或由負責人以外之具名人員附佐證確認，方視為已改善。";
    dates: "Assessment dates", "評估期限";
    last_assessed: "Last full assessment", "最近一次全項評估";
    plan_by: "Plan by", "應排定日";
    must_by: "Must by", "最後期限";
    state: "State", "狀態";
    unclassified: "not classified", "未分類";
    cycle_current: "current", "期限內";
    cycle_due_soon: "due soon", "即將到期";
    cycle_past: "past the planned day", "已逾應排定日";
    cycle_overdue: "overdue", "已逾期";
    cycle_late: "{system}: the assessment is overdue since {due}.", "{system}之評估已於 {due} 逾期。";
    reassessment: "Re-assessment", "重新評估";
    reassess_open: "{system} must be assessed again in full by {due} because of the incident {incident}: {n} days left.", "{system}因資安事件「{incident}」，應於 {due} 前完成全項重新評估，尚餘 {n} 日。";
    reassess_late: "{system} should have been assessed again in full by {due} because of the incident {incident}: {n} days late.", "{system}因資安事件「{incident}」，原應於 {due} 前完成全項重新評估，已逾期 {n} 日。";
    duty_open: "due {due}, {n} days left", "期限 {due}，尚餘 {n} 日";
    duty_late: "due {due}, {n} days late", "期限 {due}，已逾期 {n} 日";
    duty_met: "due {due}, done in time", "期限 {due}，已如期完成";
    duty_met_late: "due {due}, done late", "期限 {due}，已逾期完成";
    duty_predating: "collected before it and not counted for it, {n} of the files: {names}", "於事件前蒐集、不計入重新評估之佐證 {n} 份：{names}";
    duty_undated: "{n} files do not say when they were collected", "{n} 份佐證未載明蒐集時間";
    duty_retired: "due {due}, ended by retirement", "期限 {due}，系統已除役";
    trend: "Trend", "歷次趨勢";
    open_findings: "Open findings", "未結案缺失";
    new: "New", "新增";
    returned: "Came back", "再現";
    gone: "Gone", "已改善";
    this_run: "this run", "本次";
    overdue: "Past their time limit", "逾期未改善";
    overdue_none: "No open finding is past its time limit.", "無逾期未改善之缺失。";
    overdue_one: "1 open finding is past its time limit.", "有 1 項缺失逾期未改善。";
    overdue_n: "{n} open findings are past their time limit.", "有 {n} 項缺失逾期未改善。";
    repeats: "Repeat findings", "重複發生之缺失";
    repeats_none: "No open finding came back after it had been shown to be gone.", "無改善後再度發生之缺失。";
    repeats_one: "1 finding came back after it had been shown to be gone.", "有 1 項缺失於改善後再度發生。";
    repeats_n: "{n} findings came back after they had been shown to be gone.", "有 {n} 項缺失於改善後再度發生。";
    accepted: "Accepted risks", "接受之風險";
    accepted_none: "No risk is accepted on this day.", "本日無接受之風險。";
    due: "Time limit", "改善期限";
    late: "Late by", "逾期日數";
    days_late: "{n} days", "{n} 日";
    came_back: "Came back", "再現次數";
    came_back_one: "once", "1 次";
    came_back_n: "{n} times", "{n} 次";
    until: "Until", "接受至";
    approved_by: "Approved by", "核准人";
    owner: "Owner", "負責人";
    unowned: "nobody yet", "尚未指派";
    state_new: "new", "新發現";
    state_triaged: "assigned", "已指派";
    state_open: "open", "未結案";
    state_in_progress: "in progress", "改善中";
    state_remediated: "said to be remedied", "申報已改善，待確認";
    state_gone: "gone", "已改善";
    state_false: "decided to be none", "判定為誤報";
    state_superseded: "merged into another", "已併入其他缺失";
    state_accepted: "risk accepted", "風險接受";
    drills: "Social-engineering drills", "社交工程演練";
    drill_on: "{campaign}, {date}: {n} persons", "{campaign}，{date}，送達 {n} 人";
    drill_undated: "day not told", "未載日期";
    drill_note: "Distinct persons without the visits of mail scanners; in brackets the Wilson interval at 95 %.", "以不重複人數計，已排除郵件掃描程式之造訪；括號內為 95% Wilson 信賴區間。";
    drill_programs: "Programs visited {n} mailboxes; counting every visit, {opened} would have opened and {clicked} clicked.", "有 {n} 個信箱曾遭程式造訪；若計入所有造訪，開啟率為 {opened}、點閱率為 {clicked}。";
    drill_not_told: "Single visits are not told, so those of programs could not be taken out: the rates may be too high.", "未提供個別造訪紀錄，無法排除程式造訪，比率可能偏高。";
    drill_earlier: "{n} earlier drills are in programme.json.", "另有 {n} 次較早之演練，詳見 programme.json。";
    drill_unit: "Unit", "單位";
    drill_all: "All", "全體";
    drill_no_unit: "Unit not told", "未載明單位";
    drill_persons: "Persons", "人數";
    drill_opened: "Opened", "開啟";
    drill_clicked: "Clicked", "點閱";
    drill_submitted: "Handed in data", "輸入資料";
    drill_reported: "Reported", "通報";
    drill_retrained: "Retrained in time", "如期補訓";
    drill_retrained_until: "Those who clicked had to be trained again by {date}: {late} were late, {missing} were not trained, {waiting} have time left.", "點閱者應於 {date} 前完成補訓：逾期完成 {late} 人，未完成 {missing} 人，期限未屆 {waiting} 人。";
    drill_retrained_unknown: "No training records are given, so it is not known who was trained again.", "未提供教育訓練紀錄，補訓情形不明。";
    actions: "Improvement actions", "改善措施";
    actions_none: "No improvement action is recorded in this workspace.", "工作區內沒有改善措施紀錄。";
    actions_late_one: "1 improvement action is overdue.", "有 1 項改善措施已逾期。";
    actions_late_n: "{n} improvement actions are overdue.", "有 {n} 項改善措施已逾期。";
    measure: "Measure", "改善措施";
    done_by: "To be done by", "預定完成日";
    progress: "Progress", "進度";
    action_planned: "planned", "已規劃";
    action_in_progress: "in progress", "進行中";
    action_done: "done on {date}", "已於 {date} 完成";
    action_late: "overdue for {n} days", "已逾期 {n} 日";
    action_shown_by: "Shown by", "完成佐證";
    more_in_programme: "{n} more are in programme.json.", "另有 {n} 項，詳見 programme.json。";
    resolved: "Resolved since earlier runs", "已改善之缺失";
    resolved_intro: "Looked for again and no longer seen.", "本次重新檢視後已不再發現。";
    resolved_none: "No finding of an earlier run was resolved, or there was no earlier run in this workspace.", "沒有已改善的缺失，或工作區內沒有先前的執行紀錄。";
    evidence: "Evidence", "佐證資料";
    evidence_intro: "Every file and archive member that was given, by the SHA-256 of its content.", "所有提供的檔案與壓縮檔內容，以其內容之 SHA-256 雜湊值識別。";
    evidence_none: "No evidence was given.", "未提供任何佐證資料。";
    notes: "Notes on the evidence", "佐證處理註記";
    notes_intro: "What was broken, not read, not understood or assumed. The full list is in notes.jsonl.", "毀損、未讀取、無法解析或採用假設之處。完整清單見 notes.jsonl。";
    notes_none: "Everything given was read and understood.", "所有佐證均已讀取並完整解析。";
    method: "Method and basis", "評估方法與依據";
    record: "Assessment record", "評估紀錄";
    record_intro: "What each check looked at, and which evidence each item rests on.", "各檢核點檢視的範圍，以及各項目所憑的佐證。";
    identity: "Identity of this run", "本次執行識別";
    identity_intro: "The same evidence, catalogue and engine give the same bytes. Nothing in this report depends on the clock or the machine.", "相同的佐證、目錄與引擎會產生完全相同的內容。本報告不受執行時間與主機影響。";

    // Items.
    item: "Item", "項目";
    outcome: "Outcome", "結果";
    score: "Score", "評分";
    coverage: "Coverage", "涵蓋率";
    finding: "Finding", "缺失";
    findings_column: "Findings", "缺失";
    why: "What decides it", "判定依據";
    system: "System", "系統";
    systems: "Systems", "系統";
    system_unnamed: "Unnamed system", "未具名系統";
    category: "Category", "類別";
    category_n: "Category {n}", "第{n}類";
    matrix: "Outcome by item and system", "各系統之項目結果";
    legend: "Legend", "圖例";
    untrustworthy: "A check crashed: do not rely on this row.", "有檢核點發生異常，本列結果不可採信。";
    not_scored: "not scored", "未評分";
    set_gov: "Government item set", "政府機關檢測項目";
    set_fin: "Financial and insurance item set", "金融保險業檢測項目";
    set_sec: "Securities item set", "證券商檢測項目";
    set_other: "Item set {id}", "檢測項目組 {id}";

    // Findings.
    check: "Check", "檢核點";
    confidence: "Confidence", "確信度";
    status: "Status", "狀態";
    first_seen: "First seen", "首次發現";
    last_seen: "Last seen", "最近發現";
    first_seen_on: "first seen {date}", "首次發現 {date}";
    risk: "Risk", "風險說明";
    improvement: "Improvement", "具體改善建議";
    affected: "Affected", "影響標的";
    counts_for: "Counts for", "對應項目";
    facts: "Facts", "事實";
    whole_file: "whole file", "整個檔案";
    line: "line {n}", "第 {n} 行";
    packet: "packet {n}", "第 {n} 個封包";
    byte: "byte {n}", "位元組位移 {n}";
    record_n: "record {n}", "第 {n} 筆紀錄";
    setting: "setting {n}", "設定 {n}";
    more_places: "and {n} more places, listed in findings.jsonl", "另有 {n} 處，列於 findings.jsonl";
    more_places_one: "and 1 more place, listed in findings.jsonl", "另有 1 處，列於 findings.jsonl";
    shortened: "shortened; in full in findings.jsonl", "已節錄，全文見 findings.jsonl";
    more_of_check: "{n} more findings of this check", "同一檢核點之其餘 {n} 項缺失";
    more_of_check_one: "1 more finding of this check", "同一檢核點之其餘 1 項缺失";
    texts_in_jsonl: "Risk and improvement of each are the check's, as above, with its own facts; word for word in findings.jsonl.", "各項之風險說明與改善建議同上述檢核點，僅事實不同，逐項全文見 findings.jsonl。";
    same_as_above: "Risk and improvement as above.", "風險說明與改善建議同上。";
    severity: "Severity", "嚴重程度";
    count: "Count", "數量";
    rule_subject: "{device}, rule {rule}", "{device} 規則 {rule}";
    name_subject: "{src} asks for {name}", "{src} 查詢 {name}";

    // What was not tested.
    reason: "Reason", "原因";
    evidence_needed: "Evidence that is missing", "尚缺的佐證";
    nothing_missing: "no evidence is missing", "佐證並無欠缺";
    planned_checks: "Checks that this version does not have", "本版尚未提供的檢核點";
    planned_intro: "An item cannot pass until every check that it asks for exists and ran.", "項目所需的檢核點全部具備並執行後，該項目才可能通過。";
    asks: "What it will ask", "檢核內容";
    attestations: "Attestations", "聲明";
    attestations_intro: "Statements that a named person must make.", "須由具名人員聲明之事項。";
    statement: "Statement", "聲明事項";
    by: "Stated by", "聲明人";
    nobody: "nobody yet", "尚未聲明";
    not_applicable: "Not applicable", "不適用";
    not_applicable_intro: "Shown by the inventory and attested by a named person.", "依資產清冊佐證，並由具名人員聲明。";
    any_of: "or", "或";
    optional: "optional", "選用";
    all_systems: "All systems", "所有系統";

    // Evidence.
    file: "File", "檔案";
    files: "Files", "檔案數";
    format: "Format", "格式";
    kind: "Kind", "種類";
    size: "Size", "大小";
    sha256: "SHA-256", "SHA-256";
    recognised: "Recognised", "已識別";
    container: "Archive", "壓縮檔";
    unsupported: "Not read", "未讀取";
    broken: "Broken", "毀損";
    assessment_file: "description of the assessment", "評估設定檔";
    recognised_files: "Recognised files and archives", "已識別的檔案與壓縮檔";
    broken_files: "Broken files", "毀損的檔案";
    unsupported_files: "Files that no inspection reads", "未有檢測功能可讀取的檔案";
    members: "{n} members", "內含 {n} 個檔案";
    members_one: "1 member", "內含 1 個檔案";
    format_unknown: "unknown format", "格式不明";
    capped: "{n} more are not listed here. The full list, with every SHA-256, is in coverage.json.", "另有 {n} 個未列於此。含全部 SHA-256 的完整清單見 coverage.json。";
    capped_one: "1 more is not listed here. The full list, with every SHA-256, is in coverage.json.", "另有 1 個未列於此。含全部 SHA-256 的完整清單見 coverage.json。";
    nearly: "close to", "近似";

    // Notes.
    occurrences: "Occurrences", "次數";
    example: "Example", "舉例";
    whole_run: "the run as a whole", "整體執行";

    // Method.
    sources: "Sources", "依據";
    sources_none: "The catalogue names no source for this regime.", "目錄未載明本規範之依據。";
    threshold_set: "Threshold set", "判定基準";
    wording: "Wording of the items", "項目條文";
    wording_text: "{verified} read in their source, {inferred} concluded from sister texts, {memory} from practice and to be replaced when the source is at hand.", "{verified} 項依原文核對，{inferred} 項依同源條文推論，{memory} 項依實務經驗撰寫，取得原文後應予替換。";
    sufficiency: "When evidence is enough", "佐證充足之標準";
    sufficiency_none: "The catalogue asks for no amounts; one readable file is enough.", "目錄未規定數量，一份可讀取的檔案即為充足。";
    suff_capture: "Captures: at least {hours} hours at each capture point, silences up to {gap} minutes counted, at most {drop} % of packets lost", "封包側錄：每一側錄點至少 {hours} 小時，{gap} 分鐘以內之靜默計入，封包遺失至多 {drop} %";
    suff_span: "Logs: at least {days} days from first to last record, or {mb} MB", "紀錄檔：首筆至末筆至少 {days} 日，或達 {mb} MB";
    suff_sample: "Sampling: at least {percent} % of the declared population, or {count} units", "抽測：至少為申報母體之 {percent} %，或 {count} 個單位";
    suff_every: "No sampling: every unit of the declared population", "不得抽測：申報母體之每一單位";
    suff_fresh: "Lists that age: at most {days} days old on the as-of date", "具時效之清單：距基準日至多 {days} 日";
    definition: "Definition", "定義";
    severity_definitions: "Severity", "缺失嚴重程度";
    sev_critical_means: "Compromise under way, or a door that anyone can open. Act today.", "入侵正在發生，或任何人皆可長驅直入。應於當日處理。";
    sev_high_means: "One step from compromise of a system that matters. Internet-facing within 2 months, core systems within 3.", "重要系統距遭入侵僅一步之遙。對外系統 2 個月內、核心系統 3 個月內完成改善。";
    sev_medium_means: "Weakens a protection that others rely on. Within 6 months. From here up an item is deficient.", "削弱其他控制措施所倚賴的防護。6 個月內完成改善。達此程度以上，項目即為不符合。";
    sev_low_means: "Good practice not followed, little effect by itself. By the next cycle.", "未依良好實務辦理，單獨影響有限。於下一評估週期前改善。";
    sev_info_means: "Worth knowing. Asks for nothing and decides nothing.", "供參考，無須處理，亦不影響判定。";
    three_levels: "Where three levels are asked for, critical and high together are high.", "須以三級表示時，嚴重與高合併為高。";
    outcome_definitions: "Outcome of an item", "項目結果";
    out_pass_means: "All evidence is sufficient, every check ran, no open finding above info.", "佐證充足、檢核點全數執行，且無資訊等級以上之未結缺失。";
    out_fail_means: "An open finding of medium severity or above.", "有中等級以上之未結缺失。";
    out_observation_means: "Open findings of low severity only.", "僅有低等級之未結缺失。";
    out_na_means: "Absent by the inventory and attested by a named person.", "依資產清冊確無該標的，並由具名人員聲明。";
    out_insufficient_means: "Evidence is missing or below what the item asks for. Never a pass.", "佐證缺少或低於項目要求，絕不視為通過。";
    out_not_tested_means: "A check that the item needs does not exist yet or was not run.", "項目所需之檢核點尚未提供或未執行。";
    out_error_means: "A check crashed. The item says nothing.", "檢核點發生異常，該項目不具任何結論。";
    confidence_definitions: "Confidence", "確信度";
    conf_certain: "certain", "確定";
    conf_very_likely: "very likely", "極可能";
    conf_likely: "likely", "很可能";
    conf_possible: "possible", "可能";
    conf_weak: "weak", "薄弱";
    confidence_text: "How sure the fact is, not how bad: certain 1.00, very likely from 0.90, likely from 0.70, possible from 0.50, weak below.", "表示事實之確定程度，而非嚴重程度：確定為 1.00，極可能為 0.90 以上，很可能為 0.70 以上，可能為 0.50 以上，其餘為薄弱。";
    limits: "Limits", "限制";
    limit_given: "The report is about the evidence given, as of its date. What was not given was not looked at.", "本報告僅就所提供之佐證及其基準日而言，未提供者未予檢視。";
    limit_pass: "A pass holds for what was looked at; coverage says how much that is.", "通過僅及於已檢視之範圍，其程度以涵蓋率表示。";
    limit_masked: "Secrets in excerpts are masked. Excerpts shortened here are in full in findings.jsonl.", "摘錄中的機密資訊已遮蔽；節錄之內容於 findings.jsonl 中有全文。";
    limit_history: "New, persisting, returned and resolved are relative to earlier runs in the same workspace.", "新增、持續、再現與已改善，係與同一工作區先前之執行比較。";
    elements: "The ten elements of the report", "報告應載明之十項內容";
    element: "Element", "應載明內容";
    where_found: "Where", "所在";
    el_assessors: "Qualifications of the assessors", "評估人員資格";
    el_assessors_where: "Not provided: the run holds no data on assessors. Attach their certificates with dates of validity.", "未提供：本次執行未含評估人員資料，請另附證照及其有效期間。";
    el_scope: "Scope of the assessment", "評估範圍";
    el_scope_where: "Systems in section {identity}, evidence in section {evidence}", "系統見第 {identity} 節，佐證見第 {evidence} 節";
    el_work: "Items assessed and their targets", "評估作業項目與標的";
    el_records: "Records of the assessment", "評估紀錄";
    el_deficiencies: "Deficiencies", "缺失項目";
    el_severity: "Severity of deficiencies", "缺失嚴重程度";
    el_class: "Class of deficiencies", "缺失類別";
    el_class_where: "Section {findings}: each finding names its check and its items", "第 {findings} 節：各缺失載明檢核點與對應項目";
    el_risk: "Risk description", "風險說明";
    el_advice: "Concrete improvements", "具體改善建議";
    el_drill: "Results of the social-engineering drill", "社交演練結果";
    el_drill_not_in: "Not part of the items of this run", "不在本次執行之項目範圍內";
    el_drill_items: "Items {items} in section {section}", "第 {section} 節之項目 {items}";
    section_n: "Section {n}", "第 {n} 節";
    sections_2: "Sections {a} and {b}", "第 {a} 節及第 {b} 節";

    // Record.
    looked_at: "Looked at", "檢視範圍";
    nothing_looked_at: "nothing", "無";
    checks_by_item: "Checks and evidence by item", "各項目之檢核點與佐證";
    checks_run: "Checks by system", "各系統之檢核點";
    other_checks: "Checks that found nothing to look at: {n}. They are in coverage.json.", "未有可檢視內容之檢核點：{n}，列於 coverage.json。";

    // Identity.
    seal: "Seal of the findings", "缺失封緘雜湊值";
    catalogue: "Catalogue revision", "目錄版本雜湊值";
    evidence_digest: "Digest of the evidence", "佐證總雜湊值";
    files_given: "Files and members", "檔案數";
    bytes_given: "Bytes given", "資料量";
    not_understood: "Lines, records and files not understood", "無法解析之行、紀錄與檔案";
    schema: "Version of the file formats", "檔案格式版本";
    intel: "Indicator lists", "入侵指標清單";
    intel_none: "No indicator list was used: known-bad addresses and names were not compared.", "未使用任何入侵指標清單，故未比對已知惡意位址與網域名稱。";
    date: "Date", "日期";
    undated: "no date", "未載日期";
    indicators: "Used", "已採用";
    skipped: "Skipped", "略過";
    doubtful: "Doubtful", "存疑";
    hits: "Findings", "命中缺失數";
    name: "Name", "名稱";
    population: "Declared population", "申報母體";
    colon: ": ", "：";
    comma: ", ", "、";
    clause: "; ", "；";
    stop: ".", "。";
    open: " (", "（";
    close: ")", "）";
    space: " ", "";

    // Terminal.
    term_findings: "{n} findings", "{n} 項缺失";
    term_findings_one: "1 finding", "1 項缺失";
    term_more: "{n} more", "另有 {n} 項";
    term_more_items: "{n} more items without findings, in items.json", "其餘 {n} 個項目無缺失，見 items.json";
    term_systems: "{a} of {b} systems", "{b} 個系統中的 {a} 個";
}

impl Labels {
    /// The texts of a language.
    pub(crate) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &EN,
            Lang::ZhTw => &ZH_TW,
        }
    }

    /// Word of a severity; never shown without its shape.
    pub(crate) fn severity(severity: Severity, lang: Lang) -> &'static str {
        let (en, zh) = match severity {
            Severity::Critical => ("Critical", "嚴重"),
            Severity::High => ("High", "高"),
            Severity::Medium => ("Medium", "中"),
            Severity::Low => ("Low", "低"),
            Severity::Info => ("Info", "資訊"),
        };
        pick(lang, en, zh)
    }

    /// Word of an outcome; never shown without its shape.
    pub(crate) fn outcome(outcome: Outcome, lang: Lang) -> &'static str {
        let (en, zh) = match outcome {
            Outcome::Pass => ("Satisfied", "符合"),
            Outcome::Fail => ("Deficient", "不符合"),
            Outcome::Observation => ("Observation", "觀察事項"),
            Outcome::NotApplicable => ("Not applicable", "不適用"),
            Outcome::InsufficientEvidence => ("Insufficient evidence", "佐證不足"),
            Outcome::NotTested => ("Not tested", "未檢測"),
            Outcome::Error => ("Could not check", "未查到"),
        };
        pick(lang, en, zh)
    }

    /// Word of a check's state.
    pub(crate) fn check_state(state: CheckState, lang: Lang) -> &'static str {
        let (en, zh) = match state {
            CheckState::Found => ("findings", "有缺失"),
            CheckState::Passed => ("passed", "通過"),
            CheckState::NotAssessed => ("nothing to look at", "無可檢視內容"),
            CheckState::Planned => ("not in this version", "本版未提供"),
            CheckState::Error => ("crashed", "發生異常"),
        };
        pick(lang, en, zh)
    }

    /// Word of a note's kind.
    pub(crate) fn note_kind(kind: NoteKind, lang: Lang) -> &'static str {
        let (en, zh) = match kind {
            NoteKind::Broken => ("Broken", "毀損"),
            NoteKind::Unsupported => ("Not read", "未讀取"),
            NoteKind::NotUnderstood => ("Not understood", "無法解析"),
            NoteKind::Assumed => ("Assumed", "採用假設"),
            NoteKind::Internal => ("Inspection failed", "檢測異常"),
        };
        pick(lang, en, zh)
    }

    /// Word of a finding's standing against earlier runs.
    pub(crate) fn status(status: FindingStatus, lang: Lang) -> &'static str {
        let (en, zh) = match status {
            FindingStatus::New => ("new", "新增"),
            FindingStatus::Persisting => ("persisting", "持續"),
            FindingStatus::Returned => ("returned", "再現"),
        };
        pick(lang, en, zh)
    }

    /// What a kind of evidence is, by its code; the code itself where it is not one of the catalogue's.
    pub(crate) fn evidence_kind(code: &str, lang: Lang) -> String {
        let kind = EvidenceKind::ALL.iter().find(|kind| kind.code() == code);
        kind.map_or_else(|| code.to_owned(), |kind| evidence_kind(*kind, lang).to_owned())
    }
}

/// Replaces `{name}` by its value. Values are not searched for further names.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            out.push_str(value);
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// One or many: `one` has no number to fill in, `many` takes `{n}`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    if n == 1 { one.to_owned() } else { fill(many, &[("n", &crate::format::number(n))]) }
}

fn pick(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::ZhTw => zh,
    }
}

fn evidence_kind(kind: EvidenceKind, lang: Lang) -> &'static str {
    let (en, zh) = match kind {
        EvidenceKind::Diag => ("network diagram", "網路架構圖"),
        EvidenceKind::Inv => ("asset inventory", "資產清冊"),
        EvidenceKind::Pcap => ("packet capture", "封包側錄檔"),
        EvidenceKind::Flow => ("flow records", "網路流量紀錄"),
        EvidenceKind::Fwlog => ("firewall log", "防火牆日誌"),
        EvidenceKind::Idslog => ("intrusion detection log", "入侵偵測及防禦日誌"),
        EvidenceKind::Seclog => ("log of other security devices", "其他資安設備日誌"),
        EvidenceKind::Dnslog => ("name server log", "網域名稱伺服器日誌"),
        EvidenceKind::Epcol => ("collection from user-end computers", "使用者端電腦蒐集資料"),
        EvidenceKind::Srvcol => ("collection from servers", "伺服器主機蒐集資料"),
        EvidenceKind::Evtx => ("Windows event log", "視窗作業系統事件紀錄"),
        EvidenceKind::Swinv => ("software inventory", "軟體清單"),
        EvidenceKind::Avstat => ("antivirus status", "防毒軟體狀態"),
        EvidenceKind::Adx => ("directory export", "目錄服務匯出資料"),
        EvidenceKind::Ldap => ("LDAP directory export", "其他目錄伺服器匯出資料"),
        EvidenceKind::Locpol => ("local security policy", "本機安全性原則"),
        EvidenceKind::Fwcfg => ("firewall configuration", "防火牆設定檔"),
        EvidenceKind::Netcfg => ("network device configuration", "網路設備設定檔"),
        EvidenceKind::Vuln => ("vulnerability scan", "弱點掃描報告"),
        EvidenceKind::Pentest => ("penetration test report", "滲透測試報告"),
        EvidenceKind::Src => ("source code scan", "程式原始碼掃描報告"),
        EvidenceKind::Dast => ("black-box test", "黑箱測試報告"),
        EvidenceKind::Webroot => ("web root", "網站目錄"),
        EvidenceKind::Fim => ("file integrity records", "檔案完整性監控紀錄"),
        EvidenceKind::Perf => ("performance records", "效能紀錄"),
        EvidenceKind::Dbaud => ("database audit records", "資料庫稽核紀錄"),
        EvidenceKind::App => ("client application package", "客戶端應用程式安裝檔"),
        EvidenceKind::Apprpt => ("client application test report", "客戶端應用程式檢測報告"),
        EvidenceKind::Keys => ("key inventory", "金鑰清冊"),
        EvidenceKind::Cert => ("certificates", "憑證"),
        EvidenceKind::Doc => ("documents", "文件"),
        EvidenceKind::Accrev => ("account review", "帳號清查紀錄"),
        EvidenceKind::Bcp => ("continuity plan and drill records", "持續營運計畫及演練紀錄"),
        EvidenceKind::Cti => ("threat intelligence", "威脅情資"),
        EvidenceKind::Ddos => ("DDoS drill records", "分散式阻斷服務演練紀錄"),
        EvidenceKind::Phish => ("social-engineering drill records", "社交工程演練紀錄"),
        EvidenceKind::Train => ("training records", "教育訓練紀錄"),
        EvidenceKind::Quest => ("questionnaire", "查核問卷"),
    };
    pick(lang, en, zh)
}

#[cfg(test)]
mod tests {
    use secdiag_model::result::FindingStatus;

    use super::*;

    fn han(text: &str) -> bool {
        text.chars().any(|c| matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'))
    }

    /// Words of Latin letters that are names, not English.
    fn english(text: &str) -> Vec<&str> {
        const NAMES: &[&str] =
            &["n", "SHA", "MB", "findings", "jsonl", "coverage", "json", "notes", "items", "programme", "Wilson"];
        let mut outside = String::new();
        let mut depth = 0;
        for c in text.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ if depth == 0 => outside.push(c),
                _ => {}
            }
        }
        let known = |word: &str| word.is_empty() || NAMES.contains(&word);
        if outside.split(|c: char| !c.is_ascii_alphabetic()).all(known) { vec![] } else { vec![text] }
    }

    #[test]
    fn every_label_is_there_in_both_languages_and_in_that_language_only() {
        let words = |f: &dyn Fn(Lang) -> String| (f(Lang::En), f(Lang::ZhTw));
        let mut all: Vec<(String, String)> = ALL.iter().map(|(_, en, zh)| ((*en).into(), (*zh).into())).collect();
        for severity in Severity::DESCENDING {
            all.push(words(&|lang| Labels::severity(severity, lang).into()));
        }
        for outcome in crate::mark::OUTCOMES {
            all.push(words(&|lang| Labels::outcome(outcome, lang).into()));
        }
        for kind in EvidenceKind::ALL {
            all.push(words(&|lang| Labels::evidence_kind(kind.code(), lang)));
        }
        for status in [FindingStatus::New, FindingStatus::Persisting, FindingStatus::Returned] {
            all.push(words(&|lang| Labels::status(status, lang).into()));
        }
        for (en, zh) in &all {
            assert!(!en.is_empty() && !han(en), "{en}");
            // A blank between sentences is nothing in Chinese.
            assert!(!zh.is_empty() || en == " ", "{en}");
            assert!(english(zh).is_empty(), "{zh}");
        }
    }

    #[test]
    fn both_languages_name_the_same_values() {
        let names = |text: &str| {
            let mut names: Vec<_> =
                text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name.to_owned()).collect();
            names.sort();
            names
        };
        for (label, en, zh) in ALL {
            assert_eq!(names(en), names(zh), "{label}");
        }
    }

    #[test]
    fn chinese_is_traditional() {
        // Common characters that occur in simplified writing only.
        let simplified = "网络设资认证检测书报级险说严连进这时间标签见护执为据达应统发问题项产";
        for (label, _, zh) in ALL {
            let wrong: Vec<_> = zh.chars().filter(|c| simplified.contains(*c)).collect();
            assert!(wrong.is_empty(), "{label}: {wrong:?}");
        }
    }

    #[test]
    fn values_are_filled_once() {
        assert_eq!(fill("{a} and {b}{", &[("a", "{b}"), ("b", "x")]), "{b} and x{");
    }
}
