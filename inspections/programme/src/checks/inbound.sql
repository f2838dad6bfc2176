-- Hosts that answered callers from outside with data, one row per host and port; and on every row, or on a row of its own
-- where there is none, how many conversations there are. Whose a public address is only the register tells.
WITH named AS (
    SELECT ip_text(src_ip) AS src, ip_text(dst_ip) AS dst, dst_port, bytes_in, ts, _evidence, _locator FROM conn
),
private AS (
    SELECT
        *,
        src LIKE '10.%' OR src LIKE '192.168.%' OR src LIKE '127.%' OR src LIKE '169.254.%'
            OR src LIKE '172.16.%' OR src LIKE '172.17.%' OR src LIKE '172.18.%' OR src LIKE '172.19.%'
            OR src LIKE '172.2_.%' OR src LIKE '172.30.%' OR src LIKE '172.31.%' OR src LIKE '0.%'
            OR src LIKE 'fc%:%' OR src LIKE 'fd%:%' OR src LIKE 'fe80:%' OR src IN ('::', '::1') AS src_private,
        dst LIKE '10.%' OR dst LIKE '192.168.%'
            OR dst LIKE '172.16.%' OR dst LIKE '172.17.%' OR dst LIKE '172.18.%' OR dst LIKE '172.19.%'
            OR dst LIKE '172.2_.%' OR dst LIKE '172.30.%' OR dst LIKE '172.31.%'
            OR dst LIKE 'fc%:%' OR dst LIKE 'fd%:%' AS dst_private
    FROM named
),
inbound AS (
    SELECT
        dst AS host,
        dst_port,
        bool_or(dst_private) AS private,
        count(DISTINCT src) AS callers,
        count(*) AS connections,
        min(src) AS example,
        first_value(_evidence ORDER BY ts, _evidence, _locator) AS evidence,
        first_value(_locator ORDER BY ts, _evidence, _locator) AS locator
    FROM private
    WHERE NOT src_private AND bytes_in > 0
    GROUP BY dst, dst_port
)
SELECT i.host, i.dst_port, i.private, coalesce(i.callers, 0) AS callers, coalesce(i.connections, 0) AS connections, i.example,
       i.evidence, i.locator, t.conversations
FROM (SELECT count(*) AS conversations FROM conn) t LEFT JOIN inbound i ON TRUE
ORDER BY connections DESC, host, dst_port
