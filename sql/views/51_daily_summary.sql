-- Grain: one finished run.
CREATE OR REPLACE VIEW daily_summary AS
SELECT
    r.run_no, r.run_id, r.business_date, r.verdict,
    CAST(json_extract(r.summary, '$.matched.journal_settlement') AS INTEGER) AS matched_journal_settlement,
    CAST(json_extract(r.summary, '$.matched.settlement_bank') AS INTEGER) AS matched_settlement_bank,
    CAST(json_extract(r.summary, '$.waiting.TIMING') AS INTEGER) AS waiting,
    count(e.event_no) FILTER (e.event = 'opened') AS opened,
    count(e.event_no) FILTER (e.event = 'reopened') AS reopened,
    count(e.event_no) FILTER (e.event = 'cleared') AS cleared
FROM book.runs r LEFT JOIN book.exception_events e USING (run_no)
WHERE r.verdict IS NOT NULL
GROUP BY ALL;
COMMENT ON VIEW daily_summary IS 'One row per finished run: what matched, what waits, what opened and cleared';
